import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8 } from "../../src/util/text-units.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeFatally(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function toText(units: Uint16Array | null): string | null {
  return units && String.fromCharCode(...units);
}

describe("decodeUtf8", () => {
  it("reads what is UTF-8 as everybody does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(toText(decodeUtf8(new TextEncoder().encode(text)))).toBe(text.toWellFormed());
      }),
    );
  });

  it("refuses what is none, as everybody does", () => {
    // Bytes that are special in UTF-8, so that many of the mixtures are nearly right.
    const byte = fc.constantFrom(0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2);
    const lead = fc.constantFrom(0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff);
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.oneof(byte, lead)), (anything, special) => {
        for (const bytes of [anything, Uint8Array.from(special)]) {
          expect(toText(decodeUtf8(bytes))).toBe(decodeFatally(bytes));
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
