import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, readSettings, startServer } from "../adapters/node/index.ts";
import { bodyOf, headersOf } from "./request.ts";

/** Time between two saves, so that each is a change of its own, in milliseconds. */
const PAUSE_MS = 200;

export interface ReloadingServer {
  /** Saves the next version and calls until it answers; the milliseconds from the one to the other. */
  reload(): Promise<number>;
  close(): Promise<void>;
}

/** A server as `npm run dev` runs it, in this process, whose one plugin consists of an entry and a helper. */
export async function startReloading(): Promise<ReloadingServer> {
  const folder = mkdtempSync(join(tmpdir(), "mcps-reload-"));
  const plugin = join(folder, "plugins", "numbers");
  const config = join(folder, "plugins.json");
  mkdirSync(plugin, { recursive: true });
  writeFileSync(config, JSON.stringify({ plugins: { numbers: { package: "./numbers" } } }));
  writeFileSync(join(plugin, "helper.ts"), helperOf(0));
  writeFileSync(join(plugin, "index.ts"), entryOf(0));
  const settings = readSettings({
    // What is measured is more than anybody may do.
    MCP_RATE_LIMITS: "off",
    PORT: "0",
    MCP_DATA_DIR: join(folder, "data"),
    MCP_PLUGINS_DIR: join(folder, "plugins"),
    MCP_CONFIG: config,
  });
  const server = await startServer(settings, createLogger(), "dev");
  const call = callerOf(server.mcpUrl, server.created.clientKey!);
  const version = { entry: 0, helper: 0 };
  let count = 0;
  return {
    async reload() {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const isEntry = ++count % 2 === 0;
      version[isEntry ? "entry" : "helper"] = count;
      const wanted = `${version.entry}/${version.helper}`;
      const saved = performance.now();
      if (isEntry) writeFileSync(join(plugin, "index.ts"), entryOf(count));
      else writeFileSync(join(plugin, "helper.ts"), helperOf(count));
      for (let answer = ""; answer !== wanted;) {
        answer = await call();
        if (performance.now() - saved > 20_000) throw new Error(`No ${wanted}, still ${answer}`);
      }
      return performance.now() - saved;
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function callerOf(mcpUrl: string, key: string): () => Promise<string> {
  const call = {
    method: "tools/call",
    params: { name: "numbers_numbers", arguments: {} },
  };
  const headers = headersOf(call, key);
  const body = bodyOf(call, 1);
  return async () => {
    const response = await fetch(mcpUrl, { method: "POST", headers, body });
    const text = await response.text();
    const { result } = JSON.parse(text) as {
      result?: { content: { text: string }[]; isError?: boolean };
    };
    if (result === undefined || result.isError) throw new Error(`A call failed: ${text}`);
    return result.content[0]!.text;
  };
}

function entryOf(version: number): string {
  return `import { helper } from "./helper.ts";
export default class {
  name = "numbers";
  version = "${version}.0.0";
  description = "Answers the numbers of its files.";
  async initialize() {}
  getTools() { return [{ name: "numbers" }]; }
  getResources() { return []; }
  async executeTool() { return "${version}/" + helper; }
  async cleanup() {}
}
`;
}

function helperOf(version: number): string {
  return `export const helper: number = ${version};\n`;
}
