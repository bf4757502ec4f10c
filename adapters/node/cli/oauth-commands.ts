import type { Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import { OWNER_HELP } from "./credential-commands.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import type { ConnectFlags, OAuthFlags } from "./oauth.ts";

/** `oauth`. What the commands need is loaded when one runs: a start of the server need not pay for it. */
export function addOAuthCommands(program: Command, context: CommandContext): void {
  const about = "accounts at other services, such as Google or GitHub";
  const oauth = addCommandGroup(program, "oauth", about);
  const add = (name: string, description: string): Command =>
    addFileFlags(oauth.command(name)).description(description).option("--json", "print JSON");
  const addOne = (name: string, description: string): Command =>
    add(name, description)
      .argument("<plugin>", "the plugin's id in the plugins file")
      .option("--owner <owner>", OWNER_HELP);

  addOne("connect", "print the address at which a person connects an account, and wait for them")
    .option("--no-wait", "do not wait")
    .action(async (plugin: string, flags: ConnectFlags) =>
      (await import("./oauth.ts")).connectAccount(context, plugin, flags),
    );
  add("status", "show which accounts are connected, until when, and what is wrong with them")
    .argument("[plugin]", "the plugin's id; all of them when left out")
    .action(async (plugin: string | undefined, flags: OAuthFlags) =>
      (await import("./oauth.ts")).showConnections(context, plugin, flags),
    );
  addOne("refresh", "get a new token now").action(async (plugin: string, flags: OAuthFlags) =>
    (await import("./oauth.ts")).refreshToken(context, plugin, flags),
  );
  addOne("revoke", "end a connection, here and at the provider").action(
    async (plugin: string, flags: OAuthFlags) =>
      (await import("./oauth.ts")).revokeToken(context, plugin, flags),
  );
  add("secret", "store the client secret that the provider gave you, from stdin, or ask for it")
    .argument("<plugin>", "the plugin's id in the plugins file")
    .action(async (plugin: string, flags: OAuthFlags) =>
      (await import("./oauth.ts")).storeClientSecret(context, plugin, flags),
    );
}
