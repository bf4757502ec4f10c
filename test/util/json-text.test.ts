import { describe, expect, it } from "vitest";
import { toJsonText } from "../../src/util/json-text.ts";

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

describe("toJsonText", () => {
  it("is the text of a JSON value up to the limit", () => {
    expect(toJsonText({ a: [1, null] }, 14)).toEqual({ ok: true, value: '{"a":[1,null]}' });
    expect(toJsonText({ a: [1, null] }, 13)).toEqual({
      ok: false,
      reason: "is larger than 13 characters",
    });
  });

  it.each([
    ["undefined", undefined, "is not JSON: there is none of type undefined"],
    ["a function", () => 1, "is not JSON: there is none of type function"],
    ["a BigInt", { n: 1n }, "is not JSON: Do not know how to serialize a BigInt"],
  ])("refuses %s", (_what, value, reason) => {
    expect(toJsonText(value, 100)).toEqual({ ok: false, reason });
  });

  it("refuses a cycle", () => {
    const { ok, ...rest } = toJsonText(cyclic, 100);
    expect(ok).toBe(false);
    expect(rest).toHaveProperty("reason", expect.stringMatching(/^is not JSON: .*circular/));
  });

  it("survives a toJSON that throws something odd", () => {
    const odd = {
      toJSON() {
        throw Object.create(null);
      },
    };
    expect(toJsonText(odd, 100)).toEqual({
      ok: false,
      reason: "is not JSON: an error that cannot be described",
    });
  });
});
