import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { temporaryFolder, withFixture } from "../helpers/server-process.ts";
import { startStdioProcess, type StdioProcess } from "../helpers/stdio-process.ts";

const PING = { id: 1, method: "ping" };
const ORDERLY = { code: 0, signal: null };

/** Each test ends a server of its own, and most of its time waits: they run side by side. */
async function withServer(
  use: (server: StdioProcess, folder: string) => Promise<void>,
): Promise<void> {
  const { path, remove } = temporaryFolder();
  const server = startStdioProcess(path, { ...withFixture(path), LOG_LEVEL: "info" });
  try {
    await use(server, path);
  } finally {
    server.child.kill("SIGKILL");
    await server.exited;
    remove();
  }
}

const call = (id: number, tool: string, args: object = {}) => ({
  id,
  method: "tools/call",
  params: { name: `e2e_${tool}`, arguments: args },
});

const answers = (server: StdioProcess) =>
  server
    .stdout()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: unknown; result?: { content: unknown } });

describe.concurrent("the end", () => {
  it("of stdin before anything came ends the process in order", () =>
    withServer(async (server, folder) => {
      server.child.stdin.end();
      expect(await server.exited).toEqual(ORDERLY);
      expect([server.stdout(), existsSync(join(folder, "data/server.db-wal"))]).toEqual([
        "",
        false,
      ]);
    }));

  it("of stdin lets calls in flight be answered, and the last line need no end", () =>
    withServer(async (server) => {
      await server.initialize();
      const last = JSON.stringify({ jsonrpc: "2.0", ...call(2, "echo", { text: "last" }) });
      server.child.stdin.end(`${JSON.stringify({ jsonrpc: "2.0", ...call(1, "pause") })}\n${last}`);
      expect(await server.exited).toEqual(ORDERLY);
      expect(answers(server).slice(1)).toMatchObject([
        { id: 2, result: { content: [{ text: "last" }] } },
        { id: 1, result: { content: [{ text: "paused" }] } },
      ]);
    }));

  it("of stdin right behind the first messages loses none of them", () =>
    withServer(async (server) => {
      const clientInfo = { name: "pipe", version: "1.0.0" };
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
      server.send({ id: 1, method: "initialize", params });
      server.send({ method: "notifications/initialized" });
      server.send(call(2, "echo", { text: "x".repeat(1_000_000) }));
      server.child.stdin.end();
      expect(await server.exited).toEqual(ORDERLY);
      expect(answers(server).map(({ id }) => id)).toEqual([1, 2]);
    }));

  it("of whoever reads stdout ends the process in order, and aborts calls", () =>
    withServer(async (server) => {
      await server.initialize();
      server.send(call(1, "wait"));
      await server.logged("Waiting");
      server.child.stdout.destroy();
      server.send(PING);
      server.send(PING);
      expect(await server.exited).toEqual(ORDERLY);
      expect(server.stderr()).not.toContain("ERROR");
    }));

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "by %s lets calls in flight finish and ends with 0",
    (signal) =>
      withServer(async (server) => {
        await server.initialize();
        server.send(call(1, "pause"));
        await server.logged("Pausing");
        server.child.kill(signal);
        expect(await server.exited).toEqual(ORDERLY);
        expect(answers(server).at(-1)).toMatchObject({
          id: 1,
          result: { content: [{ text: "paused" }] },
        });
      }),
  );

  it("by a signal tells a client that listens for changes that there will be none", () =>
    withServer(async (server) => {
      const filter = { notifications: { toolsListChanged: true } };
      server.write(`${modernRequest("subscriptions/listen", filter, { id: "sub" }).body}\n`);
      await server.next();
      server.child.kill("SIGTERM");
      expect(await server.exited).toEqual(ORDERLY);
      expect(answers(server).at(-1)).toMatchObject({ id: "sub", result: expect.anything() });
    }));

  it("by a signal during the start comes when it has been started", () =>
    withServer(async (server) => {
      await server.logged("Getting ready");
      server.child.kill("SIGTERM");
      expect(await server.exited).toEqual(ORDERLY);
    }));

  it("by an exception that a plugin left uncaught comes with 3, after calls in flight", () =>
    withServer(async (server) => {
      await server.initialize();
      server.send(call(1, "pause"));
      await server.logged("Pausing");
      server.send(call(2, "throw_late"));
      expect(await server.exited).toEqual({ code: 3, signal: null });
      expect(answers(server).at(-1)).toMatchObject({ id: 1 });
    }));
});

// By themselves: they look at the clock, or have two servers.
describe("the end", () => {
  it("of stdin aborts a call that takes too long, and the plugin hears of it", () =>
    withServer(async (server) => {
      await server.initialize();
      server.send(call(1, "wait"));
      await server.logged("Waiting");
      const since = performance.now();
      server.child.stdin.end();
      expect(await server.exited).toEqual(ORDERLY);
      expect(performance.now() - since).toBeGreaterThan(1_400);
      // The call itself would take a minute, and the plugin may take ten seconds to end its calls.
      expect(performance.now() - since).toBeLessThan(5_000);
      expect(answers(server)).toHaveLength(1);
    }));

  it("of stdin does not wait for a client that listens for changes", () =>
    withServer(async (server) => {
      const filter = { notifications: { toolsListChanged: true } };
      server.write(`${modernRequest("subscriptions/listen", filter).body}\n`);
      expect(await server.next()).toMatchObject({
        method: "notifications/subscriptions/acknowledged",
      });
      // Another one has a call to wait for, as long as it waits for any.
      await withServer(async (waiting) => {
        await waiting.initialize();
        waiting.send(call(1, "wait"));
        await waiting.logged("Waiting");
        waiting.child.stdin.end();
        server.child.stdin.end();
        const first = await Promise.race([
          waiting.exited.then(() => "the one that waits"),
          server.exited,
        ]);
        expect(first).toEqual(ORDERLY);
        expect(await waiting.exited).toEqual(ORDERLY);
      });
    }));
});
