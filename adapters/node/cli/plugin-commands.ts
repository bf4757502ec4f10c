import type { Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import type { CreatePluginFlags, InstanceFlags, PluginFlags } from "./plugins.ts";

/** `plugin`. What the commands need is loaded when one runs: a start of the server need not pay for it. */
export function addPluginCommands(
  program: Command,
  context: CommandContext,
  fail: () => void,
): void {
  const group = addCommandGroup(program, "plugin", "the plugins of this server");
  const add = (name: string, description: string): Command =>
    addFileFlags(group.command(name)).description(description).option("--json", "print JSON");
  const addOne = (name: string, description: string): Command =>
    add(name, description).argument("<id>", "the plugin's id");

  add("list", "list the plugins with their state").action(async (flags: PluginFlags) =>
    (await import("./plugins.ts")).listPlugins(context, flags),
  );
  addOne("info", "tell what is known of one").action(async (id: string, flags: PluginFlags) =>
    (await import("./plugins.ts")).showPlugin(context, id, flags),
  );
  for (const [name, description] of [
    ["enable", "run one"],
    ["disable", "stop one, and do not start it again"],
    ["reload", "load one's code again"],
  ] as const) {
    addOne(name, description).action(async (id: string, flags: PluginFlags) => {
      const { changePlugin } = await import("./plugins.ts");
      if (!(await changePlugin(context, name, id, flags))) fail();
    });
  }
  addInstanceFlags(
    addOne("create", "make one of a package that is in the plugins folder").argument(
      "<package>",
      'such as ./github, as "plugin list" shows it',
    ),
  )
    .option("--disabled", "do not run it yet")
    .action(async (id: string, ref: string, flags: CreatePluginFlags) => {
      const { createPlugin } = await import("./plugins.ts");
      if (!(await createPlugin(context, id, ref, flags))) fail();
    });
  addInstanceFlags(
    addOne("configure", "change how one is set; it is started anew with that"),
  ).action(async (id: string, flags: InstanceFlags) => {
    const { configurePlugin } = await import("./plugins.ts");
    if (!(await configurePlugin(context, id, flags))) fail();
  });
  addOne("remove", "remove one; its credentials stay, unless they are to go, too")
    .option("--credentials", "delete its credentials and connections as well")
    .action(async (id: string, flags: PluginFlags & { credentials?: boolean }) =>
      (await import("./plugins.ts")).removePlugin(context, id, flags),
    );
}

function addInstanceFlags(command: Command): Command {
  return command
    .option("--settings <json>", "all of its settings, or - to read them from stdin")
    .option("--oauth <json>", 'its OAuth client, such as {"clientId":"…"}, or - for stdin')
    .option("--tool-prefix <prefix>", "what stands before its tools' names; the id at first");
}
