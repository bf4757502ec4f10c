import type { Command } from "commander";

/**
 * `completion <shell>` prints a script for a shell; that script asks `complete` at each press of the tab key. The library is
 * loaded for these two alone.
 */
export async function addCompletion(program: Command, command: string | undefined): Promise<void> {
  if (command === "completion" || command === "complete") {
    const { default: tab } = await import("@bomb.sh/tab/commander");
    tab(program, { completionCommandName: "completion" });
    return;
  }
  program
    .command("completion")
    .description("print a script that completes commands in zsh, bash, fish or powershell")
    .argument("<shell>", "zsh, bash, fish or powershell");
}
