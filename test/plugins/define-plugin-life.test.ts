import { describe, expect, it } from "vitest";
import { createTestHost, definePlugin, z } from "../../src/plugins/index.ts";

const base = { name: "shop", version: "1.2.3", description: "Sells things." } as const;

describe("the settings of a defined plugin", () => {
  const configured = definePlugin({
    ...base,
    config: z.object({
      url: z
        .string()
        .default("https://example.org")
        .transform((text) => new URL(text)),
      key: z.string().refine((key) => !key.includes(" "), "has a space"),
    }),
    tools: {
      host: { description: "d", handler: (_args, { config }) => config.url.host },
      same: { description: "d", handler: (_args, { config, plugin }) => config === plugin.config },
    },
    resources: { home: { uri: ({ config }) => `${config.url.origin}/home`, text: "Home" } },
  });

  it("reach it as its schema makes them", async () => {
    const host = await createTestHost(configured, { config: { key: "k" } });
    expect(await host.callTool("host")).toBe("example.org");
    expect(await host.callTool("same")).toBe(true);
    expect((await host.catalog()).resources[0]?.uri).toBe("https://example.org/home");
  });

  it("fail its start when the schema refuses them, without being quoted", async () => {
    await expect(createTestHost(configured, { config: { key: "top secret" } })).rejects.toThrow(
      /^Invalid settings: key: has a space$/,
    );
  });
});

describe("the life of a defined plugin", () => {
  const tracing = (steps: string[], failing = "") => {
    const step = (name: string) => (context: { pluginId: string }) => {
      steps.push(`${name} ${context.pluginId}`);
      if (name === failing) throw new Error(`${name} failed`);
    };
    return definePlugin({
      ...base,
      config: z.object({
        fine: z
          .boolean()
          .default(true)
          .refine((fine) => fine),
      }),
      initialize: step("initialize"),
      start: step("start"),
      stop: step("stop"),
      cleanup: step("cleanup"),
    });
  };

  it("gives each step the context", async () => {
    const steps: string[] = [];
    const host = await createTestHost(tracing(steps), { pluginId: "one" });
    await host.close();
    expect(steps).toEqual(["initialize one", "start one", "stop one", "cleanup one"]);
  });

  it("cleans up after an initialize that failed half way", async () => {
    const steps: string[] = [];
    const plugin = tracing(steps, "initialize");
    const context = { pluginId: "one", config: {} } as never;
    await expect(plugin.initialize(context)).rejects.toThrow("initialize failed");
    await plugin.cleanup();
    expect(steps).toEqual(["initialize one", "cleanup one"]);
  });

  it("cleans up nothing when the settings never reached it", async () => {
    const steps: string[] = [];
    const plugin = tracing(steps);
    const context = { pluginId: "one", config: { fine: false } } as never;
    await expect(plugin.initialize(context)).rejects.toThrow("Invalid settings: fine");
    await plugin.cleanup();
    expect(steps).toEqual([]);
  });

  it("keeps instances apart that are made of one definition", async () => {
    const shared = definePlugin({
      ...base,
      config: z.object({ greeting: z.string() }),
      tools: {
        greet: {
          description: "d",
          handler: async (_args, { config, plugin }) =>
            `${config.greeting} from ${plugin.pluginId} with ${await plugin.getCredential("key")}`,
        },
      },
    });
    const open = (pluginId: string, greeting: string) =>
      createTestHost(shared, {
        pluginId,
        config: { greeting },
        credentials: { key: `key of ${pluginId}` },
      });
    const [first, second] = [await open("first", "Hello"), await open("second", "Moin")];
    expect(await first.callTool("greet")).toBe("Hello from first with key of first");
    expect(await second.callTool("greet")).toBe("Moin from second with key of second");
    await second.close();
    expect(await first.callTool("greet")).toBe("Hello from first with key of first");
  });
});
