import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNodeServer } from "../../helpers/node-server.ts";
import { serve } from "../../helpers/outbound-network.ts";
import { callTool, temporaryFolder } from "../../helpers/server-process.ts";

const PLUGIN = `
export default class Fetcher {
  name = "fetcher";
  version = "1.0.0";
  description = "Fetches.";
  async initialize(context) { this.context = context; }
  getTools() { return [{ name: "get", inputSchema: { type: "object" } }]; }
  getResources() { return []; }
  async executeTool(_name, { url }) {
    try {
      return await (await this.context.fetch(url)).text();
    } catch ({ code }) {
      return String(code);
    }
  }
  async cleanup() {}
}
`;

/** A server whose plugin fetches what it is told to, and somebody on this machine who counts. */
async function open(host: string, settingOf: (base: string) => string) {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  mkdirSync(`${path}/plugins/fetcher`, { recursive: true });
  writeFileSync(`${path}/plugins/fetcher/package.json`, '{ "type": "module" }');
  writeFileSync(`${path}/plugins/fetcher/index.js`, PLUGIN);
  const plugins = { fetcher: { package: "./fetcher", host } };
  writeFileSync(`${path}/plugins.json`, JSON.stringify({ plugins }));
  const seen: string[] = [];
  const base = await serve((request, response) => {
    seen.push(request.url!);
    response.end("here");
  });
  const server = await openNodeServer({
    MCP_CONFIG: `${path}/plugins.json`,
    MCP_PLUGINS_DIR: `${path}/plugins`,
    MCP_ALLOW_PRIVATE_ORIGINS: settingOf(base),
  });
  const get = async (url: string) => {
    const { text } = await callTool(server, server.clientKey, "fetcher_get", { url });
    const answer = JSON.parse(text) as { result: { content: { text: string }[] } };
    return answer.result.content[0]!.text;
  };
  return { base, seen, get };
}

describe.each(["in-process", "worker"])("what a plugin of the whole server reaches, %s", (host) => {
  it.each<[string, (base: string) => string, string]>([
    ["nothing", () => "", "OUTBOUND_REFUSED"],
    ["another origin", (base) => base.replace(/\d+$/, "1"), "OUTBOUND_REFUSED"],
    ["its origin", (base) => base, "here"],
    ["this machine", () => "loopback", "here"],
  ])("is this machine when the operator has opened %s", async (_what, settingOf, end) => {
    const { base, seen, get } = await open(host, settingOf);
    expect(await get(`${base}/secret`)).toBe(end);
    expect(seen).toEqual(end === "here" ? ["/secret"] : []);
  });
});
