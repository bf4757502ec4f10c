import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { frame, handshake, openRaw } from "../../helpers/raw-websocket.ts";
import { startProcess, temporaryFolder, type ServerProcess } from "../../helpers/server-process.ts";
import { CLIENT_KEY } from "../../helpers/test-app.ts";
import { openSocket } from "../../helpers/websocket.ts";

const MIB = 1024 * 1024;
const CLIENTS = 10;
const CALLS = 64;

/** A plugin with one tool, which answers two mebibytes to a handful of bytes. */
const PLUGIN = `
  const text = "x".repeat(${2 * MIB});
  export default {
    name: "large", version: "1.0.0", description: "-",
    initialize: async () => {}, cleanup: async () => {}, getResources: () => [],
    getTools: () => [{ name: "text" }, { name: "small" }],
    executeTool: async (name) => name === "text" ? text : "small",
  };`;

const folder = temporaryFolder();
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  const files = {
    "config/plugins.json": '{ "plugins": { "large": { "package": "./large" } } }',
    "plugins/large/index.js": PLUGIN,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    writeFileSync(join(folder.path, path), text);
  }
  const env = { MCP_CLIENT_KEY: CLIENT_KEY };
  server = startProcess(["--json"], { cwd: folder.path, env });
  port = Number(new URL((await server.banner()).url).port);
});
afterAll(async () => {
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  folder.remove();
});

const residentBytes = () =>
  Number(
    /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))![1],
  ) * 1024;

it("clients that ask for much and read nothing are cut off, and the memory stays bounded", async () => {
  const good = await openSocket(`http://127.0.0.1:${port}/mcp`, { authorizedBy: CLIENT_KEY });
  await good.request("tools/call", { name: "large_text", arguments: {} });
  const before = residentBytes();
  const clients = Array.from({ length: CLIENTS }, () => openRaw(port));
  const call = { jsonrpc: "2.0", method: "tools/call", params: { name: "large_text" } };
  for (const client of clients) {
    client.write(handshake(port));
    await client.until(() => client.statuses().length > 0);
    client.socket.pause();
    for (let id = 0; id < CALLS; id++) {
      client.write(frame({ payload: JSON.stringify({ ...call, id }) }));
    }
  }
  let most = 0;
  const cutOff = () => server.stderr().split("WebSocket cut off").length - 1;
  for (const end = Date.now() + 10_000; cutOff() < CLIENTS && Date.now() < end;) {
    most = Math.max(most, residentBytes());
    await good.request("tools/call", { name: "large_small", arguments: {} });
    await pause(5);
  }
  expect(cutOff()).toBe(CLIENTS);
  // Without a bound it would be more than a gibibyte: the calls' results, each once.
  console.log((most - before) / MIB);
  expect((most - before) / MIB).toBeLessThan(400);
  for (const { socket } of clients) socket.destroy();
  await good.close();
});
