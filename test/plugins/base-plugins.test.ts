import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import {
  ApiKeyPlugin,
  BasePlugin,
  createTestHost,
  JwtPlugin,
  OAuthPlugin,
  type Tool,
} from "../../src/plugins/index.ts";
import { modern } from "../helpers/mcp.ts";
import { createTestApp } from "../helpers/test-app.ts";
import { needingNothing } from "./needing-nothing.ts";

const TOOLS: Tool[] = [{ name: "secret", description: "Shows what it would send." }];

class Weather extends ApiKeyPlugin {
  readonly name = "weather";
  readonly version = "1.0.0";
  readonly description = "d";
  protected readonly apiKeyDescription = "A key from https://weather.example/keys.";
  getTools = () => TOOLS;
  executeTool = () => this.apiKey();
}

class Robot extends JwtPlugin {
  readonly name = "robot";
  readonly version = "1.0.0";
  readonly description = "d";
  protected readonly privateKeyDescription = "The key of the service account, in PEM.";
  getTools = () => TOOLS;
  executeTool = async () =>
    decodeJwt(await this.signToken({ iss: "robot" }, { algorithm: "HS256" })).iss;
}

class Drive extends OAuthPlugin {
  readonly name = "drive";
  readonly version = "1.0.0";
  readonly description = "d";
  protected readonly oauth = { provider: "google", scopes: ["drive.readonly"] };
  getTools = () => TOOLS;
  executeTool = () => this.authorization();
}

describe("a base class asks for what its kind of plugin needs", () => {
  it.each([
    {
      Plugin: Weather,
      auth: {
        type: "api-key",
        required: true,
        fields: {
          api_key: {
            type: "password",
            required: true,
            description: "A key from https://weather.example/keys.",
          },
        },
      },
    },
    {
      Plugin: Robot,
      auth: {
        type: "jwt",
        required: true,
        fields: {
          private_key: {
            type: "password",
            required: true,
            description: "The key of the service account, in PEM.",
          },
        },
      },
    },
    {
      Plugin: Drive,
      auth: {
        type: "oauth2",
        required: true,
        fields: {},
        oauth: { provider: "google", scopes: ["drive.readonly"] },
      },
    },
  ])("$Plugin.name", async ({ Plugin, auth }) => {
    expect((await createTestHost(Plugin)).plugin.auth).toEqual(auth);
  });
});

describe("a base class hands over the credential", () => {
  it.each([
    { Plugin: Weather, options: { credentials: { api_key: "k3y" } }, sent: "k3y" },
    { Plugin: Robot, options: { credentials: { private_key: "k".repeat(32) } }, sent: "robot" },
    { Plugin: Drive, options: { accessToken: "t0ken" }, sent: "Bearer t0ken" },
  ])("$Plugin.name", async ({ Plugin, options, sent }) => {
    expect(await (await createTestHost(Plugin, options)).callTool("secret")).toBe(sent);
  });
});

describe("without its credential a base class tells the model what to do", () => {
  const cases = [
    {
      Plugin: Weather,
      message:
        '"mine" has no API key yet. Ask the server\'s administrator to store it as the credential "api_key": A key from https://weather.example/keys.',
    },
    {
      Plugin: Robot,
      message:
        '"mine" has no private key yet. Ask the server\'s administrator to store it as the credential "private_key": The key of the service account, in PEM.',
    },
  ];

  it.each(cases)("$Plugin.name, when it was there when it started", async ({ Plugin, message }) => {
    const plugin = await needingNothing(Plugin);
    const { callTool } = await createTestHost(plugin, { pluginId: "mine" });
    await expect(callTool("secret")).rejects.toMatchObject({ name: "ToolError", message });
  });

  it.each([
    {
      Plugin: Weather,
      message:
        '"mine" needs credentials that nobody has stored: "api_key" (A key from https://weather.example/keys.). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set mine api_key` or POST /api/auth/credentials, and call again.',
    },
    {
      Plugin: Robot,
      message:
        '"mine" needs credentials that nobody has stored: "private_key" (The key of the service account, in PEM.). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set mine private_key` or POST /api/auth/credentials, and call again.',
    },
  ])("$Plugin.name, on the server and in a test", async ({ Plugin, message }) => {
    const { callTool } = await createTestHost(Plugin, { pluginId: "mine" });
    await expect(callTool("secret")).rejects.toMatchObject({ name: "ToolError", message });
    const app = await createTestApp({ plugins: { mine: Plugin } });
    const { body } = await modern(app, "tools/call", { name: "mine_secret", arguments: {} });
    expect(body.result).toMatchObject({
      isError: true,
      content: expect.arrayContaining([{ type: "text", text: message }]) as unknown,
    });
    await app.close();
  });
});

describe("without an account", () => {
  it("a base class leaves it to the server to ask for one", async () => {
    const { callTool } = await createTestHost(Drive, { pluginId: "mine" });
    await expect(callTool("secret")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    const app = await createTestApp({ plugins: { mine: Drive } });
    const { body } = await modern(app, "tools/call", { name: "mine_secret", arguments: {} });
    expect(body.result).toMatchObject({ isError: true });
    expect(body.result.content[0].text).toMatch(
      /^"mine" needs an account\. Open http.+\/connect\//,
    );
    await app.close();
  });
});

describe("every base class", () => {
  class Bare extends BasePlugin {
    readonly name = "bare";
    readonly version = "1.0.0";
    readonly description = "d";
    getTools = () => TOOLS;
    executeTool = async () => this.context.pluginId;
  }

  it("has the context between initialize and cleanup, and says so outside", async () => {
    const plugin = new Bare();
    await expect(plugin.executeTool()).rejects.toThrow('Plugin "bare" is not initialized.');
    const host = await createTestHost(plugin, { pluginId: "one" });
    expect(await host.callTool("secret")).toBe("one");
    await host.close();
    await expect(plugin.executeTool()).rejects.toThrow('Plugin "bare" is not initialized.');
  });

  it("has no resources unless it says so", async () => {
    expect((await (await createTestHost(Bare)).catalog()).resources).toEqual([]);
  });

  it("hides its context, so that no log and no JSON shows it", async () => {
    const plugin = new Bare();
    await createTestHost(plugin, { credentials: { key: "s3cret" }, config: { a: "visible?" } });
    expect(JSON.stringify(plugin)).toBe('{"name":"bare","version":"1.0.0","description":"d"}');
  });
});
