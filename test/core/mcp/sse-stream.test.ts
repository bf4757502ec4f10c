import { describe, expect, it } from "vitest";
import { SseStream } from "../../../src/core/sse-stream.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSse } from "../../helpers/sse-client.ts";
import { WAYS } from "../../helpers/ways.ts";

const MIB = 1024 * 1024;
const KEEP_ALIVE = ": keep-alive\n\n";
const ENDPOINT = "event: endpoint\ndata: /here\n\n";

function open() {
  const time = createFakeTime();
  let ends = 0;
  const stream = new SseStream(time, () => ends++);
  stream.begin("/here");
  const reader = stream.body.getReader();
  return {
    time,
    stream,
    ends: () => ends,
    cancel: () => reader.cancel(),
    /** The next chunk as text; `null` at the end. */
    read: async () => {
      const { done, value } = await reader.read();
      return done ? null : new TextDecoder().decode(value);
    },
  };
}

/** Whether it has been settled by now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe("an event stream", () => {
  it("names the address first, and then carries one message an event", async () => {
    const { stream, read } = open();
    await stream.send('{"a":1}');
    await stream.send('{"b":"ä"}');
    expect(await read()).toBe(ENDPOINT);
    expect(await read()).toBe('event: message\ndata: {"a":1}\n\n');
    expect(await read()).toBe('event: message\ndata: {"b":"ä"}\n\n');
  });

  it("says every 15 seconds that it is alive", async () => {
    const { read, time } = open();
    await read();
    await time.advance(15_000);
    expect(await read()).toBe(KEEP_ALIVE);
    await time.advance(30_000);
    // The second one finds the first still unread.
    expect(await read()).toBe(KEEP_ALIVE);
    const next = read();
    expect(await isPending(next)).toBe(true);
    await time.advance(15_000);
    expect(await next).toBe(KEEP_ALIVE);
  });

  it("makes senders wait for the reader, in order", async () => {
    const { stream, read } = open();
    const first = stream.send("x".repeat(100 * 1024));
    const second = stream.send("y");
    expect([await isPending(first), await isPending(second)]).toEqual([true, true]);
    await read();
    expect(await isPending(first)).toBe(true);
    await read();
    await Promise.all([first, second]);
    expect(await read()).toContain("data: y\n");
  });

  it("cuts off a reader that leaves eight MiB unread, and holds none of them", async () => {
    const { stream, read, ends, time } = open();
    const sent = Array.from({ length: 8 }, () => stream.send("x".repeat(MIB)).catch(messageOf));
    expect(ends()).toBe(0);
    await expect(stream.send("one more")).rejects.toThrow("does not read");
    expect(ends()).toBe(1);
    expect(await Promise.all(sent)).toEqual(Array(8).fill("The event stream has ended"));
    await expect(read()).rejects.toThrow("does not read");
    await expect(stream.send("late")).rejects.toThrow("has ended");
    expect([ends(), time.pending()]).toEqual([1, 0]);
  });

  it("carries one message of any size", async () => {
    const { stream, read } = open();
    const sent = stream.send("x".repeat(20 * MIB));
    await read();
    expect(await read()).toHaveLength(20 * MIB + "event: message\ndata: \n\n".length);
    await sent;
  });

  it("brings what was sent before the server closed it, and then ends", async () => {
    const { stream, read, ends, time } = open();
    await stream.send("last");
    stream.close();
    stream.close();
    expect([await read(), await read(), await read()]).toEqual([
      ENDPOINT,
      "event: message\ndata: last\n\n",
      null,
    ]);
    await expect(stream.send("late")).rejects.toThrow("has ended");
    expect([ends(), time.pending()]).toEqual([1, 0]);
  });

  it("ends with its reader, and senders hear of it", async () => {
    const { stream, cancel, ends, time } = open();
    const waiting = stream.send("x".repeat(MIB));
    await Promise.all([expect(waiting).rejects.toThrow("has ended"), cancel()]);
    stream.close();
    await expect(stream.send("late")).rejects.toThrow("has ended");
    expect([ends(), time.pending()]).toEqual([1, 0]);
  });
});

it("a client that reads nothing is cut off by the network's own back-pressure", async () => {
  const tools = { fill: () => "x".repeat(3 * MIB), hello: () => "Hello." };
  const app = await WAYS[1]!.open({ plugins: { demo: testPlugin({ tools }) } });
  const idle = await openSse(app);
  await idle.initialize();
  const busy = await openSse(app);
  const call = { jsonrpc: "2.0", method: "tools/call", params: { name: "demo_fill" } };
  let status = 202;
  // What the kernel buffers on both sides differs from machine to machine.
  for (let id = 1; status === 202 && id < 60; id++) {
    ({ status } = await idle.post({ ...call, id }));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(status).toBe(404);
  const hello = await busy.call("tools/call", { name: "demo_hello" });
  expect(hello.result.content).toEqual([{ type: "text", text: "Hello." }]);
});

function messageOf(error: unknown): string {
  return (error as Error).message;
}
