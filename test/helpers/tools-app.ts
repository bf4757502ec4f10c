import { inputRequired, ToolError, type CallContext } from "../../src/plugins/index.ts";
import { modern } from "./mcp.ts";
import { openPluginAdminApp, type PluginAdminAppOptions } from "./plugin-admin-app.ts";
import { testPlugin } from "./plugins.ts";
import type { TestApp } from "./test-app.ts";

export const NUMBER = {
  type: "object",
  properties: { number: { type: "number" } },
  required: ["number"],
};

const math = () =>
  testPlugin({
    name: "math",
    tools: {
      half: {
        run: ({ number }: { number: number }) => ({ half: number / 2 }),
        title: "Halve",
        description: "Halves a number.",
        inputSchema: NUMBER,
        annotations: { readOnlyHint: true },
      },
      fail: () => {
        throw new ToolError("There is no such number.");
      },
      ask: () => inputRequired({ inputRequests: {}, state: 1 }),
      who: (_: unknown, { principal }: CallContext) => ({ ...principal }),
    },
  });
const text = () => testPlugin({ name: "text", tools: { upper: () => "A", half: () => "a" } });

/** A plugins file with both. */
export const ENTRIES = { math: { package: "./math" }, text: { package: "./text" } };
/** A server with two plugins whose tools do as little as they can. */
export function openToolsApp(options: Partial<PluginAdminAppOptions> = {}) {
  return openPluginAdminApp({ packages: { math, text }, entries: ENTRIES, ...options });
}

/** The names of the tools that clients have. */
export async function listed(app: Pick<TestApp, "request">): Promise<string[]> {
  const { tools } = (await modern(app, "tools/list")).body.result as { tools: { name: string }[] };
  return tools.map(({ name }) => name);
}

export const ALL = ["math_ask", "math_fail", "math_half", "math_who", "text_half", "text_upper"];
