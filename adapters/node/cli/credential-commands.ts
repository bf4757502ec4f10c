import type { Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext, CredentialFlags } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";

/** Of `--owner`. */
export const OWNER_HELP = "shared (when left out), client:<id> or user:<issuer>:<subject>";

/** `credentials`. What the commands need is loaded when one runs: a start of the server need not pay for it. */
export function addCredentialCommands(program: Command, context: CommandContext): void {
  const description = "store, list and remove what plugins need to know of others";
  const credentials = addCommandGroup(program, "credentials", description);

  addFileFlags(credentials.command("set"))
    .description("store a value from stdin, or ask for it")
    .argument("<plugin>", "the plugin's id in the plugins file")
    .argument("<name>", "the credential's name, such as api_key")
    .option("--owner <owner>", OWNER_HELP)
    .option("--json", "print JSON")
    .action(async (plugin: string, name: string, flags: CredentialFlags) => {
      const { setCredential } = await import("./credentials.ts");
      await setCredential(context, plugin, name, flags);
    });

  addFileFlags(credentials.command("list"))
    .description("list names and dates, never values")
    .argument("[plugin]", "the plugin's id; all of them when left out")
    .option("--json", "print JSON")
    .action(async (plugin: string | undefined, flags: CredentialFlags) => {
      const { listCredentials } = await import("./credentials.ts");
      await listCredentials(context, plugin, flags);
    });

  addFileFlags(credentials.command("rm"))
    .description("remove a credential")
    .argument("<plugin>", "the plugin's id")
    .argument("<name>", "the credential's name")
    .option("--owner <owner>", OWNER_HELP)
    .option("--json", "print JSON")
    .action(async (plugin: string, name: string, flags: CredentialFlags) => {
      const { removeCredential } = await import("./credentials.ts");
      await removeCredential(context, plugin, name, flags);
    });
}
