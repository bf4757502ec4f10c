import { InvalidArgumentError, Option, type Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import type { CreateKeyFlags, KeyFlags } from "./keys.ts";
import { parseFuture } from "./moment.ts";

/** `key`. What the commands need is loaded when one runs: a start of the server need not pay for it. */
export function addKeyCommands(program: Command, context: CommandContext): void {
  const about = "keys of MCP clients, and tokens of the admin API (--admin)";
  const group = addCommandGroup(program, "key", about);
  const add = (name: string, description: string): Command =>
    addFileFlags(group.command(name))
      .description(description)
      .option("--admin", "tokens of the admin API, instead of clients' keys")
      .option("--json", "print JSON");

  add("list", "list them, without their secrets").action(async (flags: KeyFlags) =>
    (await import("./keys.ts")).listKeys(context, flags),
  );
  add("create", "make one, and print its secret, which is shown this once")
    .argument("<name>", "what people call it, such as laptop")
    .addOption(ofClients("--plugin <ids...>", "only these plugins"))
    .addOption(ofClients("--tool <names...>", "only these tools, by the names that clients see"))
    .addOption(
      ofClients("--read-only", "only tools that say of themselves that they change nothing"),
    )
    .addOption(
      ofClients(
        "--owner <owner>",
        "whose accounts it uses: client:<id> or user:<issuer>:<subject>",
      ),
    )
    .addOption(ofClients("--rate <calls>", "tool calls in a minute").argParser(count))
    .option("--role <names...>", "with --admin: admin, operator, viewer, auditor, or rights")
    .addOption(
      new Option("--expires <time>", "when it ends: a date, or from now such as 90d").argParser(
        (text: string) => parseFuture(text, Date.now()),
      ),
    )
    .action(async (name: string, flags: CreateKeyFlags, command: Command) => {
      // It would be a key that may do everything.
      if (flags.role && !flags.admin) command.error("--role needs --admin: clients have no roles.");
      return (await import("./keys.ts")).createKey(context, name, flags);
    });
  add("rotate", "give one another secret; the old one is good no more")
    .argument("<id>", 'as "key list" shows it')
    .action(async (id: string, flags: KeyFlags) =>
      (await import("./keys.ts")).rotateKey(context, id, flags),
    );
  add("revoke", "end one, and what it has opened")
    .argument("<id>", 'as "key list" shows it')
    .action(async (id: string, flags: KeyFlags) =>
      (await import("./keys.ts")).revokeKey(context, id, flags),
    );
}

/** What limits a client's key, and would limit no token. */
function ofClients(flags: string, description: string): Option {
  return new Option(flags, description).conflicts("admin");
}

function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 1 to 1000000.");
}
