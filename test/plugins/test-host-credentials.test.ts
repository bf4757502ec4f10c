import { describe, expect, it } from "vitest";
import {
  BasePlugin,
  createTestHost,
  type PluginAuthConfig,
  type PluginContext,
  type Tool,
} from "../../src/plugins/index.ts";

describe("in a test, a plugin that cannot do without a credential", () => {
  const steps: string[] = [];
  const keeper = (auth: Partial<PluginAuthConfig> = {}) =>
    class extends BasePlugin {
      readonly name = "keeper";
      readonly version = "1.0.0";
      readonly description = "Tells its key.";
      readonly auth: PluginAuthConfig = {
        type: "api-key",
        required: true,
        fields: {
          key: { type: "password", required: true, description: "Your key." },
          region: { type: "string", required: true, description: "Your region." },
          note: { type: "string", required: false, description: "A note." },
        },
        ...auth,
      };
      constructor() {
        super();
        steps.length = 0;
      }
      override async initialize(context: PluginContext): Promise<void> {
        steps.push("initialize");
        await super.initialize(context);
      }
      getTools(): Tool[] {
        return [{ name: "run" }];
      }
      async executeTool(): Promise<unknown> {
        return this.context.getCredential("key");
      }
      async start(): Promise<void> {
        steps.push("start");
      }
      override async cleanup(): Promise<void> {
        steps.push("cleanup");
      }
    };

  it("is held as the server holds it: its tools are listed, and calls say what is missing", async () => {
    const host = await createTestHost(keeper(), { pluginId: "mine", credentials: { key: "k" } });
    expect((await host.catalog()).tools).toEqual([{ name: "run" }]);
    await expect(host.callTool("run")).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"mine" needs credentials that nobody has stored: "region" (Your region.). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set mine region` or POST /api/auth/credentials, and call again.',
      data: {
        plugin: "mine",
        owner: "shared",
        missing: [{ name: "region", description: "Your region." }],
      },
    });
    await host.close();
    expect(steps).toEqual([]);
  });

  it("runs once all that are required are there", async () => {
    const host = await createTestHost(keeper(), { credentials: { key: "k", region: "eu" } });
    expect(await host.callTool("run")).toBe("k");
    expect(steps).toEqual(["initialize", "start"]);
  });

  it("runs without any when it says that it can", async () => {
    const host = await createTestHost(keeper({ required: false }));
    expect(await host.callTool("run")).toBeNull();
  });

  it("tells a user of its own credentials, and lists all that it has", async () => {
    const host = await createTestHost(keeper({ owner: "user" }), { credentials: { key: "k" } });
    await expect(host.callTool("run")).rejects.toThrow(
      '"test" needs credentials that you have not stored yet: "region" (Your region.). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set test region --owner client:test-client` or POST /api/auth/credentials, and call again.',
    );
    // What gives the lists is initialized and works for nobody.
    expect(steps).toEqual(["initialize"]);
    await host.close();
    expect(steps).toEqual(["initialize", "cleanup"]);
  });

  it("serves nobody who can have no credentials of his own", async () => {
    const principal = { kind: "system", id: "system", scopes: [] } as const;
    const credentials = { key: "k", region: "eu" };
    const host = await createTestHost(keeper({ owner: "user" }), { principal, credentials });
    await expect(host.callTool("run")).rejects.toMatchObject({
      name: "ToolError",
      message: '"test" serves callers with credentials of their own.',
    });
  });
});
