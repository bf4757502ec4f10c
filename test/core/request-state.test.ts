import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStateSealer, type StateBinding } from "../../src/core/request-state.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

const KEY = new Uint8Array(32).fill(7);
const BINDING: StateBinding = {
  principalId: "client-1",
  method: "tools/call",
  target: "shop_buy",
  args: { item: "book", count: 2 },
};
const TEN_MINUTES = 600_000;

async function setUp(key = KEY) {
  const time = createFakeTime();
  return { time, sealer: await createStateSealer(key.slice(), time) };
}

const NOT_AUTHENTIC = { ok: false, reason: "not-authentic" };
const MALFORMED = { ok: false, reason: "malformed" };

describe("a sealed state", () => {
  it("opens to what was sealed, whatever JSON it is", async () => {
    const { sealer } = await setUp();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (state) => {
        const sealed = await sealer.seal(BINDING, state);
        expect(await sealer.open(BINDING, sealed)).toEqual({
          ok: true,
          value: JSON.parse(JSON.stringify(state)),
        });
      }),
      { numRuns: 30 },
    );
  });

  it("is another text each time, and shows nothing of the state", async () => {
    const { sealer } = await setUp();
    const state = { secret: "correct horse" };
    const [a, b] = [await sealer.seal(BINDING, state), await sealer.seal(BINDING, state)];
    expect(a).not.toBe(b);
    expect(a).toMatch(/^v1\.[A-Za-z0-9_-]+$/);
    expect(Buffer.from(a.slice(3), "base64url").toString("latin1")).not.toContain("horse");
  });

  it.each([
    { principalId: "client-2" },
    { method: "prompts/get" },
    { target: "shop_sell" },
    { args: { item: "book", count: 3 } },
    { args: {} },
    { args: undefined },
    { principalId: "client-1tools/call", method: "" },
  ])("does not open for %j", async (other) => {
    const { sealer } = await setUp();
    const sealed = await sealer.seal(BINDING, 1);
    expect(await sealer.open({ ...BINDING, ...other }, sealed)).toEqual(NOT_AUTHENTIC);
  });

  it("opens when the arguments are the same in another order, or are left out both times", async () => {
    const { sealer } = await setUp();
    const sealed = await sealer.seal(BINDING, 1);
    const reordered = { ...BINDING, args: { count: 2, item: "book" } };
    expect(await sealer.open(reordered, sealed)).toEqual({ ok: true, value: 1 });
    const without = await sealer.seal({ ...BINDING, args: undefined }, 2);
    expect(await sealer.open({ ...BINDING, args: {} }, without)).toEqual({ ok: true, value: 2 });
  });

  it("is good for ten minutes", async () => {
    const { sealer, time } = await setUp();
    const sealed = await sealer.seal(BINDING, 1);
    await time.advance(TEN_MINUTES - 1);
    expect(await sealer.open(BINDING, sealed)).toEqual({ ok: true, value: 1 });
    await time.advance(1);
    expect(await sealer.open(BINDING, sealed)).toEqual({ ok: false, reason: "expired" });
  });

  it("opens in another process that has the same key, and in none that has another", async () => {
    const [here, there] = [await setUp(), await setUp()];
    const stranger = await setUp(new Uint8Array(32).fill(8));
    const sealed = await here.sealer.seal(BINDING, 1);
    expect(await there.sealer.open(BINDING, sealed)).toEqual({ ok: true, value: 1 });
    expect(await stranger.sealer.open(BINDING, sealed)).toEqual(NOT_AUTHENTIC);
  });

  it("is refused with any single bit turned over", async () => {
    const { sealer } = await setUp();
    const sealed = await sealer.seal(BINDING, { step: 1 });
    const bytes = Buffer.from(sealed.slice("v1.".length), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const text = `v1.${flipped.toString("base64url")}`;
      expect(await sealer.open(BINDING, text)).toEqual(NOT_AUTHENTIC);
    }
  });

  it("is refused with any bit of its text turned over", async () => {
    const { sealer } = await setUp();
    const text = Buffer.from(await sealer.seal(BINDING, 1), "latin1");
    for (let bit = 0; bit < text.length * 8; bit++) {
      const flipped = Buffer.from(text);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect((await sealer.open(BINDING, flipped.toString("latin1"))).ok).toBe(false);
    }
  });

  it("is refused when it is cut short anywhere, or has something added", async () => {
    const { sealer } = await setUp();
    const sealed = await sealer.seal(BINDING, 1);
    for (let length = 0; length < sealed.length; length++) {
      expect((await sealer.open(BINDING, sealed.slice(0, length))).ok).toBe(false);
    }
    expect((await sealer.open(BINDING, `${sealed}A`)).ok).toBe(false);
  });

  it.each(["", ".", "v1", "v1.", "v1.!", "v2.AAAA", "v1.AAAA.AAAA", `v1.${"A".repeat(16)}`, "{}"])(
    "is refused when it is no such text: %j",
    async (text) => {
      const { sealer } = await setUp();
      expect(await sealer.open(BINDING, text)).toEqual(MALFORMED);
    },
  );

  it.each([
    [
      "a cycle",
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
      /is not JSON/,
    ],
    ["a BigInt", 1n, /is not JSON/],
    ["300,000 characters", "x".repeat(300_000), /is larger than 262144 characters/],
  ])("is not made of %s", async (_what, state, message) => {
    const { sealer } = await setUp();
    const sealing = sealer.seal(BINDING, state);
    await expect(sealing).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
    await expect(sealing).rejects.toThrow(message);
  });
});
