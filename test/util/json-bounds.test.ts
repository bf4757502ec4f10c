import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outOfBounds } from "../../src/util/json-bounds.ts";

function nested(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

describe("outOfBounds", () => {
  it.each([null, true, 0, "text"])("lets the scalar %j pass any bounds", (value) => {
    expect(outOfBounds(value, { maxDepth: 0, maxNodes: 0 })).toBeNull();
  });

  it.each([
    { depth: 64, answer: null },
    { depth: 65, answer: "nested deeper than 64 levels" },
    { depth: 100_000, answer: "nested deeper than 64 levels" },
  ])("judges $depth levels against 64", ({ depth, answer }) => {
    expect(outOfBounds(nested(depth), { maxDepth: 64, maxNodes: 1_000_000 })).toBe(answer);
  });

  it.each([
    { what: "elements", value: [1, 2, 3, 4], answer: "more than 3 values" },
    { what: "members", value: { a: 1, b: 2, c: 3 }, answer: null },
    { what: "values in all", value: { a: [1], b: [2] }, answer: "more than 3 values" },
  ])("counts $what", ({ value, answer }) => {
    expect(outOfBounds(value, { maxDepth: 9, maxNodes: 3 })).toBe(answer);
  });

  it.each([
    { what: "a text", value: "1234", answer: "a text of more than 3 characters" },
    { what: "texts inside", value: { a: ["1234"] }, answer: "a text of more than 3 characters" },
    { what: "short texts", value: { abcdef: ["123"] }, answer: null },
  ])("measures $what", ({ value, answer }) => {
    expect(outOfBounds(value, { maxDepth: 9, maxNodes: 9, maxChars: 3 })).toBe(answer);
  });

  it("finds a member __proto__ where it is asked to", () => {
    const value: unknown = JSON.parse('[{"a":{"__proto__":1}}]');
    const bounds = { maxDepth: 9, maxNodes: 9 };
    expect(outOfBounds(value, { ...bounds, refusesProto: true })).toBe("a member named __proto__");
    expect(outOfBounds(value, bounds)).toBeNull();
    expect(outOfBounds([{ a: {} }], { ...bounds, refusesProto: true })).toBeNull();
  });

  it("comes to an end on a cycle", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(outOfBounds(cyclic, { maxDepth: 8, maxNodes: 100 })).toBe("nested deeper than 8 levels");
  });

  it("counts what a recursive count counts", () => {
    const count = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce((sum: number, child) => sum + 1 + count(child), 0)
        : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(20), (value, maxNodes) => {
        const isOut = outOfBounds(value, { maxDepth: 100, maxNodes }) !== null;
        expect(isOut).toBe(count(value) > maxNodes);
      }),
    );
  });
});
