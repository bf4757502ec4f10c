import { describe, expect, it } from "vitest";
import type { Harness } from "./harness.ts";

export function catalogContract({ withPlugin, withRunning }: Harness): void {
  describe("catalog", () => {
    it("answers every list as JSON", () =>
      withRunning(async ({ plugin }) => {
        expect(await plugin.catalog()).toEqual({
          tools: [{ name: "echo", inputSchema: { type: "object" }, timeoutMs: 5_000 }],
          resources: [{ uri: "contract://note", name: "note", text: "inline" }],
          resourceTemplates: [{ uriTemplate: "contract://{id}", name: "by-id" }],
          prompts: [{ name: "ask", arguments: [{ name: "topic", required: true }] }],
          faults: [],
        });
      }));

    it("has the tools alone before initialize, of which it runs nothing", () =>
      withPlugin(async ({ plugin, logs }) => {
        expect(await plugin.catalog()).toEqual({
          tools: [{ name: "echo", inputSchema: { type: "object" }, timeoutMs: 5_000 }],
          resources: [],
          resourceTemplates: [],
          prompts: [],
          faults: [],
        });
        expect(logs).toEqual([]);
      }));

    it("has empty lists for what a plugin does not have", () =>
      withRunning(
        async ({ plugin }) => {
          expect(await plugin.catalog()).toEqual({
            tools: [{ name: "greet" }],
            resources: [],
            resourceTemplates: [],
            prompts: [],
            faults: [],
          });
        },
        { module: "factory", config: {} },
      ));

    it("answers what the plugin offers now", () =>
      withRunning(async ({ plugin, callTool }) => {
        await callTool("change", { tools: [{ name: "new" }] });
        expect((await plugin.catalog()).tools.map((tool) => tool.name)).toEqual(["echo", "new"]);
      }));

    it("names items that are not JSON among its faults, and keeps the others", () =>
      withRunning(async ({ plugin, callTool }) => {
        await callTool("offerFunction");
        const { tools, faults } = await plugin.catalog();
        expect(tools.map((tool) => tool.name)).toEqual(["echo", "sound"]);
        expect(faults.map(({ kind, name }) => [kind, name])).toEqual([
          ["tool", "cyclic"],
          ["tool", "big"],
        ]);
      }));

    it.each([
      ["throw", /no list today/],
      ["object", /not an array/],
    ])("rejects when a list is faulty (%s), and works again later", (lists, message) =>
      withRunning(async ({ plugin, callTool }) => {
        await callTool("change", { lists });
        await expect(plugin.catalog()).rejects.toThrow(message);
        await callTool("change");
        expect((await plugin.catalog()).tools).toHaveLength(1);
      }),
    );
  });
}
