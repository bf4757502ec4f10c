import type { Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import type { ToolFlags } from "./tools.ts";

/** `tools`. What the commands need is loaded when one runs: a start of the server need not pay for it. */
export function addToolCommands(program: Command, context: CommandContext, fail: () => void): void {
  const group = addCommandGroup(program, "tools", "what the plugins can do");
  const add = (name: string, description: string): Command =>
    addFileFlags(group.command(name)).description(description).option("--json", "print JSON");

  add("list", "list the tools, as clients see them")
    .option("--plugin <id>", "of this plugin alone")
    .action(async (flags: ToolFlags) => (await import("./tools.ts")).listTools(context, flags));
  add("call", "call a tool, and print what it answers")
    .argument("<tool>", 'as "tools list" shows it')
    .argument("[arguments]", 'JSON, such as \'{"city":"Bern"}\'')
    .action(async (name: string, args: string | undefined, flags: ToolFlags) => {
      if (!(await (await import("./tools.ts")).callTool(context, name, args, flags))) fail();
    });
}
