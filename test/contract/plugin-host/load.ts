import { describe, expect, it } from "vitest";
import { asJson, createCaller, createServices, type Harness } from "./harness.ts";

export function loadContract({ open, withPlugin, withRunning }: Harness): void {
  describe("load", () => {
    it("tells what the plugin says about itself", () =>
      withPlugin(async ({ plugin }) => {
        expect(asJson(plugin.info)).toEqual({
          name: "contract",
          version: "1.2.3",
          description: "Shows what a host does for a plugin.",
          dependencies: ["clock@^1.0"],
          configSchema: { type: "object", properties: { greeting: { type: "string" } } },
          auth: {
            type: "api-key",
            required: true,
            fields: { apiKey: { type: "password", required: true, description: "The key" } },
          },
        });
      }));

    it("has empty answers for what a plugin does not say", () =>
      withPlugin(
        async ({ plugin }) => {
          expect(asJson(plugin.info)).toMatchObject({
            dependencies: [],
            configSchema: null,
            auth: null,
          });
        },
        { module: "factory" },
      ));

    it.each([
      ["throws", /the module throws on purpose/],
      ["broken", /./],
      ["missing", /./],
      ["no-plugin", /lacks initialize\(\), getTools\(\)/],
    ] as const)("rejects for a module that is %s", async (module, message) => {
      await expect(withPlugin(async () => {}, { module })).rejects.toThrow(message);
    });

    it("rejects with a stack that names the file", async () => {
      await expect(withPlugin(async () => {}, { module: "throws" })).rejects.toMatchObject({
        name: "Error",
        stack: expect.stringMatching(/contract\/throws\.js:1\b/),
      });
    });

    it("runs nothing of the plugin's life", () =>
      withRunning(async ({ callTool }) => {
        expect(await callTool("steps")).toEqual(["initialize", "start"]);
      }));

    it("gives each instance a plugin of its own", async () => {
      const opened = await open();
      const loadOne = async (instanceId: string) => {
        const entry = opened.entryOf("index");
        const { services } = createServices();
        const plugin = await opened.host.load({ instanceId, entry }, services);
        await plugin.initialize({ greeting: instanceId });
        await plugin.start();
        return { plugin, ...createCaller(plugin) };
      };
      const plugins = [await loadOne("one"), await loadOne("two")];
      const [one, two] = plugins.map(({ callTool }) => callTool);
      try {
        await one!("echo");
        expect([await one!("count"), await two!("count")]).toEqual([2, 1]);
        expect([await one!("context"), await two!("context")]).toEqual([
          { pluginId: "one", config: { greeting: "one" } },
          { pluginId: "two", config: { greeting: "two" } },
        ]);
      } finally {
        for (const { plugin } of plugins) await plugin.cleanup();
        await opened.close?.();
      }
    });
  });
}
