import type { Command } from "commander";

/** A command that only its subcommands do something for. */
export function addCommandGroup(program: Command, name: string, description: string): Command {
  return (
    program
      .command(name)
      .description(description)
      // What was meant to be a subcommand.
      .allowExcessArguments()
      .action((_flags, group: Command) => {
        const [stray] = group.args;
        const known = group.commands.map((command) => command.name()).join(", ");
        const said =
          stray === undefined ? `"${name}" needs` : `Unknown command: ${name} ${stray}. It has`;
        group.error(`${said} one of: ${known}.`);
      })
  );
}
