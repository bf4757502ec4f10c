import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64Url } from "../../src/util/bytes.ts";
import { isRandomToken, randomToken, uuidv7 } from "../../src/util/ids.ts";

describe("uuidv7", () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

  it("has the form of RFC 9562, lower case", () => {
    fc.assert(
      fc.property(time, (now) => {
        expect(uuidv7(now)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it("begins with the time in milliseconds", () => {
    fc.assert(
      fc.property(time, (now) => {
        expect(Number.parseInt(uuidv7(now).slice(0, 13).replace("-", ""), 16)).toBe(now);
      }),
    );
  });

  it("sorts by time as text", () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a !== b);
        expect(uuidv7(a) < uuidv7(b)).toBe(a < b);
      }),
    );
  });

  it("is another one each time", () => {
    expect(new Set(Array.from({ length: 1_000 }, () => uuidv7(1))).size).toBe(1_000);
  });
});

describe("randomToken", () => {
  it("is 256 bits behind its prefix, and another one each time", () => {
    const token = randomToken("mcpk_");
    expect(token).toMatch(/^mcpk_[A-Za-z0-9_-]{43}$/);
    expect(fromBase64Url(token.slice("mcpk_".length))?.length).toBe(32);
    expect(randomToken("mcpk_")).not.toBe(token);
  });

  it.each([
    ["itself", (token: string) => token, true],
    ["a part of it", (token: string) => token.slice(1), false],
    ["more than it", (token: string) => `${token}A`, false],
    ["two lines", (token: string) => `${token}\n`, false],
    ["another alphabet", (token: string) => `+${token.slice(1)}`, false],
  ])("is known by its form: %s", (_what, change, expected) => {
    expect(isRandomToken(change(randomToken("")))).toBe(expected);
  });
});
