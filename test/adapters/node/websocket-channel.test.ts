import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { testPlugin } from "../../helpers/plugins.ts";
import { frame, handshake, openRaw } from "../../helpers/raw-websocket.ts";
import { openWebSocketApp, type WebSocketApp } from "../../helpers/websocket-server.ts";
import { initialize, type SocketClient } from "../../helpers/websocket.ts";

const MIB = 1024 * 1024;
const PING_MS = 30_000;
const HOUR_MS = 60 * 60_000;

/** Resolves with the next frame of the kind that the client sees. */
const next = (client: SocketClient, kind: "ping" | "pong") =>
  new Promise<void>((resolve) => client.ws.once(kind, () => resolve()));

/** Asks over the wire whether the server has read all that was sent before. */
async function synchronize(client: SocketClient): Promise<void> {
  const pong = next(client, "pong");
  client.ws.ping();
  await pong;
}

const NEVER = () => new Promise<never>(() => {});
const cutOffs = ({ logs }: WebSocketApp) =>
  logs
    .filter(({ message }) => message === "WebSocket cut off")
    .map(({ fields }) => fields["reason"]);

describe("a WebSocket on which nothing happens", () => {
  it("is closed when no first message has come for 30 seconds", async () => {
    const app = await openWebSocketApp();
    const client = await app.open();
    await app.time.advance(29_999);
    await synchronize(client);
    await app.time.advance(1);
    expect(await client.closed).toEqual({ code: 1008, reason: "No message has come" });
  });

  it("is pinged every 30 seconds, and stays as long as the client answers", async () => {
    const app = await openWebSocketApp();
    const client = await app.open();
    await client.request("server/discover");
    for (let pings = 0; pings < 4; pings++) {
      const ping = next(client, "ping");
      await app.time.advance(PING_MS);
      await ping;
      // For the pong to arrive.
      await pause(50);
    }
    expect((await client.request("tools/list")).result).toBeDefined();
    expect(cutOffs(app)).toEqual([]);
  });

  it("is cut off when the client has not answered by the next ping", async () => {
    const app = await openWebSocketApp();
    const client = await app.open({ autoPong: false });
    await client.request("server/discover");
    const ping = next(client, "ping");
    await app.time.advance(PING_MS);
    await ping;
    expect(client.ws.readyState).toBe(client.ws.OPEN);
    await app.time.advance(PING_MS);
    expect((await client.closed).code).toBe(1006);
    expect(cutOffs(app)).toEqual(["The client does not answer pings"]);
  });

  it("stays while a large message arrives slowly, behind which the pongs wait", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    client.write(handshake(app.port));
    await client.until(() => client.statuses().length > 0);
    client.write(frame({ payload: "{}" }));
    await client.until(() => client.bytes().includes("Invalid Request"));
    const message = frame({ payload: JSON.stringify("x".repeat(1_000)) });
    const parts = 5;
    for (let part = 0; part < parts; part++) {
      await app.time.advance(PING_MS);
      client.write(message.subarray((part * 1_000) / parts, ((part + 1) * 1_000) / parts));
      await pause(20);
    }
    const before = client.bytes().length;
    client.write(message.subarray(1_000));
    await client.until(() => client.bytes().subarray(before).includes("Invalid Request"));
    expect(cutOffs(app)).toEqual([]);
    client.socket.destroy();
  });

  it("is closed after an hour without a message, though the client is there", async () => {
    const app = await openWebSocketApp();
    const client = await app.open();
    await client.request("server/discover");
    for (let ms = 0; ms < HOUR_MS - PING_MS; ms += PING_MS) {
      await app.time.advance(PING_MS);
      await synchronize(client);
    }
    expect(client.ws.readyState).toBe(client.ws.OPEN);
    await app.time.advance(PING_MS);
    expect(await client.closed).toEqual({ code: 1000, reason: "No message for an hour" });
  });

  it("counts what the server sends as well", async () => {
    const plugin = testPlugin();
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await initialize(client);
    for (let ms = 0; ms < HOUR_MS - PING_MS; ms += PING_MS) {
      await app.time.advance(PING_MS);
      await synchronize(client);
    }
    plugin.getTools = () => [{ name: "new" }];
    plugin.context!.changed("tools");
    await client.until(({ method }) => method === "notifications/tools/list_changed");
    for (let ms = 0; ms < HOUR_MS - PING_MS; ms += PING_MS) {
      await app.time.advance(PING_MS);
      await synchronize(client);
    }
    expect(client.ws.readyState).toBe(client.ws.OPEN);
    await app.time.advance(PING_MS);
    expect((await client.closed).code).toBe(1000);
  });

  it("leaves no timer behind when it ends", async () => {
    const app = await openWebSocketApp();
    const client = await app.open();
    await client.request("server/discover");
    await client.close();
    await expect.poll(() => app.time.pending()).toBe(0);
  });
});

describe("a message", () => {
  it.each([
    ["of 4 MiB is taken", 4 * MIB, "answered"],
    ["of one byte more closes the WebSocket", 4 * MIB + 1, 1009],
  ])("%s", async (_what, bytes, outcome) => {
    const app = await openWebSocketApp();
    const client = await app.open();
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    client.send(text + " ".repeat(bytes - text.length));
    const answered = client.until(({ id }) => id === 1).then(() => "answered", NEVER);
    const closed = client.closed.then(({ code }) => code);
    expect(await Promise.race([answered, closed])).toBe(outcome);
  });

  it("may come in fragments, with a ping between them", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    const text = JSON.stringify({ jsonrpc: "2.0", id: "in parts", method: "ping" });
    client.write(handshake(app.port));
    client.write(frame({ payload: text.slice(0, 10), fin: false }));
    client.write(frame({ opcode: 0x9, payload: "between" }));
    client.write(frame({ opcode: 0x0, payload: text.slice(10) }));
    await client.until(() => client.bytes().includes('"id":"in parts"'));
    expect(client.bytes().includes("between")).toBe(true);
    client.socket.destroy();
  });

  it("may come with the handshake, before its answer", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    const text = JSON.stringify({ jsonrpc: "2.0", id: "early", method: "ping" });
    client.write(Buffer.concat([Buffer.from(handshake(app.port)), frame({ payload: text })]));
    await client.until(() => client.bytes().includes('"id":"early"'));
    expect(client.statuses()).toEqual([101]);
    client.socket.destroy();
  });

  it("in a binary frame closes the WebSocket, and nothing behind it is served", async () => {
    let calls = 0;
    const plugin = testPlugin({ tools: { count: () => String(++calls) } });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await initialize(client);
    client.ws.send(Buffer.from("{}"), { binary: true });
    for (let id = 1; id <= 10; id++) {
      client.send({ id, method: "tools/call", params: { name: "demo_count" } });
    }
    expect(await client.closed).toEqual({ code: 1003, reason: "A message must be a text frame" });
    expect(calls).toBe(0);
  });

  it.each<[what: string, text: string, code: number]>([
    ["that is no JSON", "{", -32700],
    ["that is empty", "", -32700],
    ["that is no message", "[]", -32600],
    ["that is too deep", "[".repeat(100_000) + "]".repeat(100_000), -32600],
    ["of another JSON-RPC", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
  ])("%s gets an error as its answer, and the WebSocket stays", async (_what, text, code) => {
    const app = await openWebSocketApp();
    const client = await app.open();
    client.send(text);
    expect(await client.until(({ error }) => error !== undefined)).toMatchObject({
      error: { code },
    });
    expect((await client.request("server/discover")).result).toBeDefined();
  });
});

describe("the requests of one WebSocket", () => {
  it("are 256 under way at most", async () => {
    const plugin = testPlugin({
      tools: {
        wait: (_, { signal }) =>
          new Promise((resolve) => signal.addEventListener("abort", resolve)),
      },
    });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await client.request("server/discover", {}, { id: "first" });
    for (let id = 1; id <= 256; id++)
      void client.request("tools/call", { name: "demo_wait" }, { id });
    const refused = await client.request("tools/list", {}, { id: 257 });
    expect(refused.error).toEqual({
      code: -32000,
      message: "Too many requests are under way: 256 at most on one connection",
    });
    // One place is free again as soon as a request is given up.
    client.notify("notifications/cancelled", { requestId: 100 });
    expect((await client.request("tools/list", {}, { id: 258 })).result).toBeDefined();
    client.ws.terminate();
  });

  it("have ids of their own", async () => {
    const plugin = testPlugin({ tools: { slow: () => pause(100, "done") } });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    const first = client.request("tools/call", { name: "demo_slow" }, { id: "same" });
    client.send({ id: "same", method: "ping" });
    expect(await client.until(({ error }) => error !== undefined)).toMatchObject({
      id: null,
      error: { code: -32600 },
    });
    expect((await first).result.content).toEqual([{ type: "text", text: "done" }]);
    expect((await client.request("tools/list", {}, { id: "same" })).result).toBeDefined();
  });

  it("are aborted when the client goes away", async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<string>();
    const plugin = testPlugin({
      tools: {
        wait: (_, { signal }) => {
          signal.addEventListener("abort", () => aborted.resolve("aborted"));
          started.resolve();
          return aborted.promise;
        },
      },
    });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    void client.request("tools/call", { name: "demo_wait" });
    await started.promise;
    client.ws.terminate();
    expect(await aborted.promise).toBe("aborted");
  });
});
