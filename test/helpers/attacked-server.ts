import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { handshake } from "./raw-websocket.ts";
import { startProcess, temporaryFolder, type ServerProcess } from "./server-process.ts";
import { CLIENT_KEY } from "./test-app.ts";
import { openSocket } from "./websocket.ts";

export type Headers = Readonly<Record<string, string | null>>;

/**
 * A server in a process of its own, for the tests of a file that send it what no client sends. Behind each of them the
 * same process must serve on: plain HTTP, and a WebSocket from its handshake to a call.
 */
export function useAttackedServer() {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let port = 0;

  beforeAll(async () => {
    const file = join(folder.path, "plugins.json");
    writeFileSync(file, '{ "plugins": { "time": { "package": "./time" } } }');
    const env = { MCP_CLIENT_KEY: CLIENT_KEY, MCP_CONFIG: file };
    server = startProcess(["--json"], { cwd: folder.path, env });
    port = Number(new URL((await server.banner()).url).port);
  });
  afterEach(() => assertServes(server, port));
  afterAll(async () => {
    await assertEndsWell(server);
    folder.remove();
  });

  return {
    port: () => port,
    /** The good handshake, with some headers in the place of its own or beside them. */
    good: (headers: Headers = {}) => handshake(port, headers),
  };
}

async function assertServes({ child }: ServerProcess, port: number): Promise<void> {
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  const client = await openSocket(`http://127.0.0.1:${port}/mcp`, { authorizedBy: CLIENT_KEY });
  const { result } = await client.request("tools/call", { name: "time_now", arguments: {} });
  expect(result.content).toHaveLength(1);
  await client.close();
}

async function assertEndsWell(server: ServerProcess): Promise<void> {
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(server.stderr()).not.toMatch(/"level":"error"/i);
}
