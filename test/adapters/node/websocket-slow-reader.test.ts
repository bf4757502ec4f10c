import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { frame, handshake, openRaw } from "../../helpers/raw-websocket.ts";
import { startProcess, temporaryFolder, type ServerProcess } from "../../helpers/server-process.ts";
import { CLIENT_KEY } from "../../helpers/test-app.ts";
import { openSocket, type SocketClient } from "../../helpers/websocket.ts";

const MIB = 1024 * 1024;
const CLIENTS = 10;
const CALLS = 64;

/**
 * A plugin that answers two mebibytes to a handful of bytes, and tells what is alive in the memory of the server's process.
 * What the process holds as a whole would tell more of the garbage collector than of the server.
 */
const PLUGIN = `
  import { setFlagsFromString } from "node:v8";
  import { runInNewContext } from "node:vm";
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  const text = "x".repeat(${2 * MIB});
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const tools = {
    // So late that all calls are under way before the first is answered.
    text: () => sleep(500).then(() => text),
    alive() {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      return String(heapUsed + external);
    },
  };
  export default {
    name: "large", version: "1.0.0", description: "-",
    initialize: async () => {}, cleanup: async () => {}, getResources: () => [],
    getTools: () => Object.keys(tools).map((name) => ({ name })),
    executeTool: async (name) => tools[name](),
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
  await server.stop();
  folder.remove();
});

async function liveBytes(client: SocketClient): Promise<number> {
  const { result } = await client.request("tools/call", { name: "large_alive", arguments: {} });
  return Number(result.content[0].text);
}

it("clients that ask for much and read nothing are cut off, and the memory stays bounded", async () => {
  const good = await openSocket(`http://127.0.0.1:${port}/mcp`, { authorizedBy: CLIENT_KEY });
  await good.request("tools/call", { name: "large_text", arguments: {} });
  const before = await liveBytes(good);
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
    most = Math.max(most, await liveBytes(good));
    await pause(5);
  }
  expect(cutOff()).toBe(CLIENTS);
  // Eight mebibytes for each client, and the messages around the limit. Without it there are more than two gibibytes.
  expect((most - before) / MIB).toBeLessThan(300);
  for (const { socket } of clients) socket.destroy();
  await good.close();
});
