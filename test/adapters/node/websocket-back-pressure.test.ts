import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { testPlugin } from "../../helpers/plugins.ts";
import { frame, handshake, openRaw, TEXT } from "../../helpers/raw-websocket.ts";
import { openWebSocketApp, type WebSocketApp } from "../../helpers/websocket-server.ts";

const MIB = 1024 * 1024;
const PING_MS = 30_000;
/** Of answers of 3.5 MiB: several times what the systems on both sides hold. */
const MANY = 20;

const cutOffs = ({ logs }: WebSocketApp) =>
  logs
    .filter(({ message }) => message === "WebSocket cut off")
    .map(({ fields }) => fields["reason"]);

describe("a client that does not read", () => {
  /** A tool that answers so many characters as soon as so many calls wait for them, and how often it was called. */
  function large(chars: number, { together = 1 } = {}) {
    const calls = { count: 0 };
    const text = "x".repeat(chars);
    const enough = Promise.withResolvers<void>();
    return {
      calls,
      plugin: testPlugin({
        tools: {
          large: async () => {
            if (++calls.count === together) enough.resolve();
            await enough.promise;
            return text;
          },
        },
      }),
    };
  }

  it("is cut off when 8 MiB wait for it", async () => {
    const { plugin, calls } = large(2 * MIB, { together: 20 });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await client.request("server/discover");
    client.ws.pause();
    for (let id = 100; id < 120; id++)
      void client.request("tools/call", { name: "demo_large" }, { id });
    await expect.poll(() => cutOffs(app), { timeout: 5_000 }).toEqual(["The client does not read"]);
    expect(calls.count).toBe(20);
    client.ws.resume();
    expect((await client.closed).code).toBe(1006);
  });

  it("is not read from, either, once a mebibyte waits for it, and goes on where it was", async () => {
    const { plugin, calls } = large(3.5 * MIB);
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await client.request("server/discover");
    client.ws.pause();
    const answers: Promise<unknown>[] = [];
    const call = () => {
      const id = 100 + answers.length;
      answers.push(client.request("tools/call", { name: "demo_large" }, { id }));
    };
    const isServed = async () => {
      for (let tries = 0; tries < 100 && calls.count < answers.length; tries++) await pause(20);
      return calls.count === answers.length;
    };
    // Until what the systems between them hold is full, and one is left over.
    do call();
    while (answers.length < MANY && (await isServed()));
    expect(cutOffs(app)).toEqual([]);
    expect(answers.length).toBeGreaterThan(1);
    expect(answers.length - calls.count).toBe(1);
    client.ws.resume();
    await Promise.all(answers);
    expect(calls.count).toBe(answers.length);
    expect(cutOffs(app)).toEqual([]);
  });

  it("shows by reading that it is there, when the pings wait behind what it reads", async () => {
    const { plugin } = large(MIB, { together: 9 });
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = openRaw(app.port);
    client.write(handshake(app.port));
    await client.until(() => client.statuses().length > 0);
    client.socket.pause();
    for (let id = 1; id <= 9; id++) {
      const message = { jsonrpc: "2.0", id, method: "tools/call", params: { name: "demo_large" } };
      client.write(frame({ payload: JSON.stringify(message) }));
    }
    await pause(200);
    await app.time.advance(PING_MS);
    const before = client.bytes().length;
    client.socket.resume();
    await client.until(() => client.bytes().length > before + 3 * MIB);
    client.socket.pause();
    await pause(50);
    await app.time.advance(PING_MS);
    expect(cutOffs(app)).toEqual([]);
    // What the systems between them hold may go on moving for a moment, and that is progress too.
    for (let tries = 0; tries < 10 && cutOffs(app).length === 0; tries++) {
      await pause(50);
      await app.time.advance(PING_MS);
    }
    expect(cutOffs(app)).toEqual(["The client does not answer pings"]);
    client.socket.destroy();
  });

  it("stays while it reads one large answer at 70 KB a second, behind which the pings wait", async () => {
    const isDone = Promise.withResolvers<void>();
    // Almost twelve mebibytes in UTF-8.
    const tools = { large: () => isDone.promise.then(() => "€".repeat(3.9 * MIB)) };
    const app = await openWebSocketApp({ plugins: { demo: testPlugin({ tools }) } });
    const client = openRaw(app.port);
    client.write(handshake(app.port));
    await client.until(() => client.statuses().length > 0);
    const call = { id: 1, method: "tools/call", params: { name: "demo_large" } };
    client.write(frame({ payload: JSON.stringify({ jsonrpc: "2.0", ...call }) }));
    await pause(50);
    // Nothing waits yet. This client answers no ping, as if all its pongs came too late.
    await app.time.advance(PING_MS);
    isDone.resolve();
    await client.until(() => client.bytes().length > 1_000);
    client.socket.pause();
    for (let pings = 0; pings < 3; pings++) {
      await client.readOn(2 * MIB);
      await pause(50);
      await app.time.advance(PING_MS);
    }
    expect(cutOffs(app)).toEqual([]);
    // What the systems between them hold may go on moving for a moment, and that is progress too.
    for (let tries = 0; tries < 10 && cutOffs(app).length === 0; tries++) {
      await pause(50);
      await app.time.advance(PING_MS);
    }
    expect(cutOffs(app)).toEqual(["The client does not answer pings"]);
    client.socket.destroy();
  });

  it("is answered when it reads at last, each of its requests, in their order", async () => {
    const { plugin, calls } = large(100_000);
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await client.request("server/discover");
    client.ws.pause();
    const ids = Array.from({ length: 400 }, (_, at) => 1_000 + at);
    const answers = ids.map((id) => client.request("tools/call", { name: "demo_large" }, { id }));
    await pause(300);
    expect(calls.count).toBeLessThan(200);
    client.ws.resume();
    const results = await Promise.all(answers);
    expect(results.map(({ id, error }) => error ?? id)).toEqual(ids);
    expect(cutOffs(app)).toEqual([]);
  });

  it("is cut off by the pings it does not answer, when nothing more is sent", async () => {
    const { plugin } = large(100);
    const app = await openWebSocketApp({ plugins: { demo: plugin } });
    const client = await app.open();
    await client.request("server/discover");
    client.ws.pause();
    await app.time.advance(2 * PING_MS);
    await expect.poll(() => cutOffs(app)).toEqual(["The client does not answer pings"]);
  });
});

it("a flood of messages leaves turns to other clients", async () => {
  const app = await openWebSocketApp();
  const [flooding, other] = [openRaw(app.port), await app.open()];
  await other.request("server/discover");
  flooding.write(handshake(app.port));
  await flooding.until(() => flooding.statuses().length > 0);
  const flood = Buffer.concat(
    Array.from({ length: 100_000 }, () => frame({ opcode: TEXT, payload: "1" })),
  );
  flooding.write(flood);
  await flooding.until(() => flooding.bytes().includes("Invalid Request"));
  for (let calls = 0; calls < 20; calls++) await other.request("tools/list");
  const answered = flooding.bytes().toString("latin1").split("Invalid Request").length - 1;
  expect(answered).toBeLessThan(100_000);
  flooding.socket.destroy();
});
