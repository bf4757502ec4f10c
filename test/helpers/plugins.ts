import type { CallContext, MCPPlugin, PluginContext, Tool } from "../../src/plugins/index.ts";

/** A plugin of which a test names only what matters to it. */
interface PluginParts extends Partial<MCPPlugin> {
  /** Tools by name: what they do, or also how they are described. */
  readonly tools?: Readonly<Record<string, ToolParts["run"] | ToolParts>>;
}

export interface ToolParts extends Omit<Tool, "name"> {
  // oxlint-disable-next-line typescript/no-explicit-any -- each tool knows its arguments
  readonly run: (args: any, call: CallContext) => unknown;
}

/** The context that each instance was last initialized with is under its plugin. */
export type TestPlugin = MCPPlugin & { context: PluginContext | null };

export function testPlugin({ tools = {}, ...parts }: PluginParts = {}): TestPlugin {
  const all = new Map(
    Object.entries(tools).map(([name, tool]) => [
      name,
      typeof tool === "function" ? { run: tool } : tool,
    ]),
  );
  const plugin: TestPlugin = {
    name: "test-plugin",
    version: "1.0.0",
    description: "A plugin of a test.",
    context: null,
    initialize: async (context) => {
      plugin.context = context;
    },
    getTools: () => [...all].map(([name, { run: _run, ...tool }]) => ({ ...tool, name })),
    getResources: () => [],
    executeTool: (name, args, call) => all.get(name)!.run(args, call!) as Promise<unknown>,
    cleanup: async () => {},
    ...parts,
  };
  return plugin;
}
