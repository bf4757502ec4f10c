import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress, parseTrustedProxies } from "../../../src/core/limits/client-address.ts";
import { LoadShedder } from "../../../src/core/limits/load-shedder.ts";
import { RateBudget } from "../../../src/core/limits/rate-budget.ts";
import { DEFAULT_RATE_LIMITS, parseRateLimits } from "../../../src/core/limits/rate-limits.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

describe("a budget", () => {
  it("is all there at once, and comes back evenly", async () => {
    const time = createFakeTime();
    const budget = new RateBudget(60, time);
    const uses = Array.from({ length: 60 }, () => budget.take("a"));
    expect(uses.every(({ isAllowed }) => isAllowed)).toBe(true);
    expect(uses.at(-1)).toEqual({ isAllowed: true, limit: 60, remaining: 0, retryAfterMs: 1_000 });
    expect(budget.take("a")).toMatchObject({ isAllowed: false, retryAfterMs: 1_000 });
    await time.advance(999);
    expect(budget.take("a").isAllowed).toBe(false);
    await time.advance(1);
    expect(budget.take("a").isAllowed).toBe(true);
    await time.advance(60_000);
    expect(budget.take("a").remaining).toBe(59);
  });

  it("is all there whatever the clock says, to the last use and not beyond", () => {
    const limits = fc.integer({ min: 1, max: 5_000 });
    const clocks = fc.double({ min: 0, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(limits, clocks, clocks, (limit, first, rest) => {
        let now = first;
        const budget = new RateBudget(limit, { elapsed: () => now });
        const takeAll = () => {
          let allowed = 0;
          while (budget.take("a").isAllowed) allowed++;
          return allowed;
        };
        const before = takeAll();
        now += 60_000 + rest;
        expect([before, budget.hasLeft("a"), takeAll(), budget.hasLeft("a")]).toEqual([
          limit,
          true,
          limit,
          false,
        ]);
      }),
    );
  });

  it("is each name's own, and one may have another", () => {
    const budget = new RateBudget(1, createFakeTime());
    expect(
      [budget.take("a"), budget.take("b"), budget.take("a")].map((use) => use.isAllowed),
    ).toEqual([true, true, false]);
    const own = Array.from({ length: 3 }, () => budget.take("c", 2).isAllowed);
    expect(own).toEqual([true, true, false]);
  });

  it("costs nothing where it is refused: whoever keeps trying gets through again", async () => {
    const time = createFakeTime();
    const budget = new RateBudget(1, time);
    budget.take("a");
    for (let tries = 0; tries < 60; tries++) {
      await time.advance(999);
      expect(budget.take("a").isAllowed).toBe(false);
    }
    await time.advance(60);
    expect(budget.take("a").isAllowed).toBe(true);
  });

  it("remembers 100,000 names, and forgets those that were seen longest ago", () => {
    const budget = new RateBudget(1, createFakeTime());
    budget.take("first");
    for (let name = 0; name < 99_999; name++) budget.take(String(name));
    expect(budget.take("first").isAllowed).toBe(false);
    budget.take("one more");
    expect(budget.take("first").isAllowed).toBe(true);
  });
});

describe("limits in a setting", () => {
  it.each([
    ["", DEFAULT_RATE_LIMITS],
    ["requests=5", { ...DEFAULT_RATE_LIMITS, requests: 5 }],
    [" calls = 7 , failures=off", { ...DEFAULT_RATE_LIMITS, calls: 7, failures: null }],
  ])("%j", (text, value) => {
    expect(parseRateLimits(text)).toEqual({ ok: true, value });
  });

  it.each(["nobody=5", "calls", "calls=0", "calls=-1", "calls=1.5", "calls=1=2", "on"])(
    "are not %j",
    (text) => {
      expect(parseRateLimits(text).ok).toBe(false);
    },
  );
});

const proxies = (text: string) => {
  const parsed = parseTrustedProxies(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
};

describe("where a request comes from", () => {
  it.each<
    [
      what: string,
      socket: string | null,
      forwarded: string | null,
      trusted: string,
      from: string | null,
    ]
  >([
    ["the socket", "203.0.113.9", null, "", "203.0.113.9"],
    ["the socket, whatever somebody writes", "203.0.113.9", "198.51.100.1", "", "203.0.113.9"],
    ["what a proxy has seen", "127.0.0.1", "198.51.100.1", "loopback", "198.51.100.1"],
    [
      "what the last proxy has seen",
      "127.0.0.1",
      "1.2.3.4, 198.51.100.1",
      "loopback",
      "198.51.100.1",
    ],
    [
      "what the first of two proxies has seen",
      "127.0.0.1",
      "1.2.3.4, 198.51.100.1, 10.0.0.7",
      "loopback, 10.0.0.0/8",
      "198.51.100.1",
    ],
    ["a proxy that wrote nothing", "127.0.0.1", null, "loopback", "127.0.0.1"],
    [
      "a proxy behind which stands nonsense",
      "127.0.0.1",
      "1.2.3.4, nonsense",
      "loopback",
      "127.0.0.1",
    ],
    ["an address with a port", "127.0.0.1", "203.0.113.5:4711", "loopback", "203.0.113.5"],
    ["IPv6 with a port", "127.0.0.1", "[2001:db8::1]:443", "loopback", "2001:db8:0:0::/64"],
    ["IPv6 in brackets", "127.0.0.1", "[2001:db8::1]", "loopback", "2001:db8:0:0::/64"],
    [
      "no port of IPv6 without brackets",
      "127.0.0.1",
      "2001:db8::1:443",
      "loopback",
      "2001:db8:0:0::/64",
    ],
    ["a proxy behind a port alone", "127.0.0.1", ":4711", "loopback", "127.0.0.1"],
    ["what stands before a comma", "127.0.0.1", "203.0.113.5, ", "loopback", "203.0.113.5"],
    ["what a network of IPv6 only stands for", "64:ff9b::203.0.113.9", null, "", "203.0.113.9"],
    ["an IPv4 address in IPv6", "::ffff:203.0.113.9", null, "", "203.0.113.9"],
    ["a network of IPv6", "2001:db8:1:2:3:4:5:6", null, "", "2001:db8:1:2::/64"],
    ["nowhere", null, "198.51.100.1", "loopback", null],
    ["nowhere that is one", "nonsense", "198.51.100.1", "loopback", null],
  ])("is %s", (_, socket, forwarded, trusted, from) => {
    expect(clientAddress(socket, forwarded, proxies(trusted))).toBe(from);
  });

  it.each(["nonsense", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/8/8", "::/129", "10.1"])(
    "is not told by %j",
    (text) => {
      expect(parseTrustedProxies(text).ok).toBe(false);
    },
  );
});

describe("shedding", () => {
  it("begins when what is due waits too long, grows with it, and ends when it is well again", () => {
    let delay = 0;
    const shedder = new LoadShedder({ delayMs: () => delay });
    /** Of a hundred requests, those that are refused, and when they may come back. */
    const refusedAt = (ms: number) => {
      delay = ms;
      const answers = Array.from({ length: 100 }, () => shedder.refuse());
      const refused = answers.filter((seconds) => seconds !== null);
      return [refused.length, refused[0] ?? null];
    };
    expect(refusedAt(250)).toEqual([0, null]);
    expect(refusedAt(300)).toEqual([30, 1]);
    expect(refusedAt(800)).toEqual([80, 1]);
    // Some always get through, and so does whoever looks whether it is over.
    expect(refusedAt(5_000)).toEqual([90, 5]);
    expect(refusedAt(150)).toEqual([15, 1]);
    expect(refusedAt(100)).toEqual([0, null]);
    expect(refusedAt(150)).toEqual([0, null]);
  });
});
