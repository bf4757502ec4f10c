import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/util/base64.ts";

const ALL = Uint8Array.from({ length: 256 * 40 + 1 }, (_, at) => at % 256);

/** As on a runtime that cannot do it by itself. */
function withoutNative(bytes: Uint8Array): Uint8Array {
  return Object.defineProperty(bytes.slice(), "toBase64", { value: undefined });
}

describe("base64", () => {
  it.each([0, 1, 2, 3, 0x1fff, 0x2000, 0x2001, ALL.length])(
    "of %i bytes is what Node makes of them, and comes back",
    (length) => {
      const bytes = ALL.slice(0, length);
      const text = Buffer.from(bytes).toString("base64");
      expect(toBase64(bytes)).toBe(text);
      expect(toBase64(withoutNative(bytes))).toBe(text);
      expect(fromBase64(text)).toEqual(bytes);
    },
  );

  it("is refused when it is none", () => {
    expect(() => fromBase64("a%")).toThrow(
      expect.objectContaining({ name: "InvalidCharacterError" }),
    );
  });
});
