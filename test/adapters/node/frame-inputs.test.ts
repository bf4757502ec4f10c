import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useAttackedServer } from "../../helpers/attacked-server.ts";
import {
  BINARY,
  CLOSE,
  closePayload,
  CONTINUATION,
  frame,
  openRaw,
  PING,
  PONG,
  type RawSocket,
} from "../../helpers/raw-websocket.ts";

const { port, good } = useAttackedServer();
const MIB = 1024 * 1024;

type Bytes = string | Uint8Array;

/** A WebSocket of which the test sends every byte. */
async function openFrames(): Promise<RawSocket> {
  const client = openRaw(port());
  client.write(good());
  await client.until(() => client.statuses().length > 0);
  return client;
}

const many = (count: number, one: () => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, one));
/** A request behind all others. */
const LAST = '{"jsonrpc":"2.0","id":"last","method":"ping"}';
const NO_UTF8 = Uint8Array.of(0xc3, 0x28);

describe("on a WebSocket", () => {
  it.each<[what: string, bytes: () => Bytes, code: number]>([
    ["a head that promises 16 MiB", () => frame({ length: BigInt(16 * MIB) }), 1009],
    ["a head that promises 2^63 bytes", () => frame({ length: 2n ** 63n }), 1009],
    ["a head that promises 2^64 - 1 bytes", () => frame({ length: 2n ** 64n - 1n }), 1009],
    ["a message of 4 MiB and one byte", () => frame({ payload: "x".repeat(4 * MIB + 1) }), 1009],
    [
      "fragments that together have more than 4 MiB",
      () =>
        Buffer.concat([
          frame({ payload: "x".repeat(3 * MIB), fin: false }),
          frame({ opcode: CONTINUATION, payload: "x".repeat(2 * MIB), fin: false }),
        ]),
      1009,
    ],
    [
      "fragments without end",
      () =>
        Buffer.concat([
          frame({ payload: "x", fin: false }),
          many(20_000, () => frame({ opcode: CONTINUATION, payload: "x", fin: false })),
        ]),
      1008,
    ],
    ["a compressed frame", () => frame({ payload: "{}", reserved: 0x40 }), 1002],
    ["the second reserved bit", () => frame({ payload: "{}", reserved: 0x20 }), 1002],
    ["the third reserved bit", () => frame({ payload: "{}", reserved: 0x10 }), 1002],
    ["a frame without a mask", () => frame({ payload: "{}", masked: false }), 1002],
    ["a frame of a reserved kind", () => frame({ opcode: 0x3 }), 1002],
    ["a control frame of a reserved kind", () => frame({ opcode: 0xb }), 1002],
    ["a binary frame", () => frame({ opcode: BINARY, payload: "{}" }), 1003],
    ["an empty binary frame", () => frame({ opcode: BINARY }), 1003],
    ["text that is not UTF-8", () => frame({ payload: NO_UTF8 }), 1007],
    ["half a surrogate pair", () => frame({ payload: Uint8Array.of(0xed, 0xa0, 0x80) }), 1007],
    [
      "text whose fragments are not UTF-8 together",
      () =>
        Buffer.concat([
          frame({ payload: NO_UTF8.subarray(0, 1), fin: false }),
          frame({ opcode: CONTINUATION, payload: NO_UTF8.subarray(1) }),
        ]),
      1007,
    ],
    ["a fragment without a beginning", () => frame({ opcode: CONTINUATION, payload: "{}" }), 1002],
    [
      "a message between the fragments of another",
      () => Buffer.concat([frame({ payload: "{", fin: false }), frame({ payload: "{}" })]),
      1002,
    ],
    ["a ping in fragments", () => frame({ opcode: PING, fin: false }), 1002],
    ["a ping of 126 bytes", () => frame({ opcode: PING, payload: "x".repeat(126) }), 1002],
    ["a goodbye", () => frame({ opcode: CLOSE, payload: closePayload(1000) }), 1000],
    ["a goodbye without a code", () => frame({ opcode: CLOSE }), 1005],
    ["a goodbye with half a code", () => frame({ opcode: CLOSE, payload: "x" }), 1002],
    ["a goodbye with code 0", () => frame({ opcode: CLOSE, payload: closePayload(0) }), 1002],
    ["a goodbye with code 999", () => frame({ opcode: CLOSE, payload: closePayload(999) }), 1002],
    ["a goodbye with code 1004", () => frame({ opcode: CLOSE, payload: closePayload(1004) }), 1002],
    ["a goodbye with code 1005", () => frame({ opcode: CLOSE, payload: closePayload(1005) }), 1002],
    ["a goodbye with code 1006", () => frame({ opcode: CLOSE, payload: closePayload(1006) }), 1002],
    ["a goodbye with code 1015", () => frame({ opcode: CLOSE, payload: closePayload(1015) }), 1002],
    ["a goodbye with code 2999", () => frame({ opcode: CLOSE, payload: closePayload(2999) }), 1002],
    [
      "a goodbye with code 65535",
      () => frame({ opcode: CLOSE, payload: closePayload(65535) }),
      1002,
    ],
    [
      "a goodbye with a reason that is not UTF-8",
      () => frame({ opcode: CLOSE, payload: closePayload(1000, NO_UTF8) }),
      1007,
    ],
    [
      "a goodbye of 126 bytes",
      () => frame({ opcode: CLOSE, payload: closePayload(1000, "x".repeat(124)) }),
      1002,
    ],
    [
      "a goodbye and then more",
      () =>
        Buffer.concat([
          frame({ opcode: CLOSE, payload: closePayload(1000) }),
          many(1_000, () => frame({ payload: "{" })),
        ]),
      1000,
    ],
    ["another request", () => good(), 1002],
    ["words", () => "Hello there. This is not a frame.", 1002],
    ["zeros", () => new Uint8Array(10_000), 1002],
  ])("%s ends it with the code that says so", async (_what, bytes, code) => {
    const client = await openFrames();
    client.write(bytes());
    expect(await client.closeCode).toBe(code);
    client.socket.destroy();
  });

  it.each<[what: string, bytes: () => Bytes, code: number]>([
    ["an unmasked frame", () => frame({ payload: "{}", masked: false }), 1002],
    ["a head that promises 16 MiB", () => frame({ length: BigInt(16 * MIB) }), 1009],
    ["a request", () => good(), 1002],
  ])("%s in one packet with the handshake ends it as well", async (_what, bytes, code) => {
    const client = openRaw(port());
    client.write(Buffer.concat([Buffer.from(good()), Buffer.from(bytes())]));
    expect(await client.closeCode).toBe(code);
    expect(client.statuses()).toEqual([101]);
    client.socket.destroy();
  });

  it.each<[what: string, bytes: () => Bytes]>([
    ["100,000 pings", () => many(100_000, () => frame({ opcode: PING, payload: "x".repeat(100) }))],
    ["100,000 pongs", () => many(100_000, () => frame({ opcode: PONG }))],
    ["30,000 messages that are none", () => many(30_000, () => frame({ payload: "1" }))],
    ["a deep message", () => frame({ payload: "[".repeat(MIB) + "]".repeat(MIB) })],
    ["a message with a million members", () => frame({ payload: `[${"1,".repeat(MIB)}1]` })],
  ])("%s are borne, and others are served", async (_what, bytes) => {
    const client = await openFrames();
    client.write(Buffer.concat([Buffer.from(bytes()), frame({ payload: LAST })]));
    const signal = AbortSignal.timeout(10_000);
    expect((await fetch(`http://127.0.0.1:${port()}/healthz`, { signal })).status).toBe(200);
    await client.until(() => client.bytes().includes('"id":"last"'));
    client.socket.destroy();
  });

  it("pings without end from a client that reads nothing end it", async () => {
    const client = await openFrames();
    client.socket.pause();
    const flood = many(20_000, () => frame({ opcode: PING, payload: "x".repeat(120) }));
    for (let times = 0; times < 100 && !client.socket.destroyed; times++) {
      client.write(flood);
      await pause(20);
    }
    expect(client.socket.destroyed).toBe(true);
    expect(await client.closeCode).toBeNull();
  });

  it("requests without end from a client that reads later are answered then, each of them", async () => {
    const client = await openFrames();
    client.socket.pause();
    const count = 10_000;
    const params = { _meta: { padding: "x".repeat(2_000) } };
    const requests = Array.from({ length: count }, (_, id) =>
      frame({ payload: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", params }) }),
    );
    let taken = 0;
    const write = async () => {
      for (let at = 0; at < count; at += 100) {
        const part = Buffer.concat(requests.slice(at, at + 100));
        await new Promise((resolve) => client.socket.write(part, resolve));
        taken += 100;
      }
    };
    const written = write();
    for (let before = -1; before < taken;) {
      before = taken;
      await pause(1_000);
    }
    // As much as the systems between them hold: the server has stopped to read.
    expect(taken).toBeLessThan(count);
    const answers = () =>
      client
        .bytes()
        .toString("latin1")
        .match(/"result":\{"tools"/g)?.length;
    client.socket.resume();
    await written;
    await expect.poll(answers, { timeout: 15_000, interval: 500 }).toBe(count);
    client.socket.destroy();
  });

  it("half a frame and then nothing, a reset or the end of the stream harms nobody", async () => {
    const half = frame({ payload: "x".repeat(1_000) }).subarray(0, 500);
    for (const leave of ["destroy", "resetAndDestroy", "end"] as const) {
      const client = await openFrames();
      client.socket.on("error", () => {});
      client.socket.write(half, () => void client.socket[leave]());
      expect(await client.closeCode).toBeNull();
      client.socket.destroy();
    }
  });

  it("a frame that comes byte by byte is read", async () => {
    const client = await openFrames();
    const message = '{"jsonrpc":"2.0","id":"slow","method":"ping"}';
    for (const byte of frame({ payload: message })) {
      client.write(Buffer.from([byte]));
      await pause(1);
    }
    await client.until(() => client.bytes().includes('"id":"slow"'));
    expect(client.bytes().toString("latin1")).toContain('"result":{}');
    client.socket.destroy();
  });
});
