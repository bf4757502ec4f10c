import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/util/canonical-json.ts";

/** The same value with the members of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([name, member]) => [name, reversed(member)]));
}

describe("canonicalJson", () => {
  it("is JSON of the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("does not depend on the order of members", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it.each([
    [
      { b: 1, a: { d: [1, { z: 0, y: 0 }], c: null } },
      '{"a":{"c":null,"d":[1,{"y":0,"z":0}]},"b":1}',
    ],
    [{ 10: "ten", 9: "nine" }, '{"10":"ten","9":"nine"}'],
    [{ "\u00e9": 1, e: 2, Z: 3 }, '{"Z":3,"e":2,"é":1}'],
    [{ gone: undefined, here: 1 }, '{"here":1}'],
    [[undefined], "[null]"],
    [JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
  ])("writes %j", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});
