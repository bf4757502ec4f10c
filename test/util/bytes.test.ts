import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  equalInConstantTime,
  fromBase64Url,
  lengthPrefixed,
  toBase64Url,
  toHex,
  utf8,
} from "../../src/util/bytes.ts";

const bytes = fc.uint8Array({ maxLength: 64 });

describe("base64url", () => {
  it("gives every byte string back", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromBase64Url(toBase64Url(value))).toEqual(value);
      }),
    );
  });

  it("is what Node writes", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toBase64Url(value)).toBe(Buffer.from(value).toString("base64url"));
      }),
    );
  });

  it("accepts exactly one text for each byte string", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,12}$/), (text) => {
        const read = fromBase64Url(text);
        expect(read === null || toBase64Url(read) === text).toBe(true);
      }),
    );
  });

  it.each([
    ["padding", "QQ=="],
    ["characters of plain base64", "a+/b"],
    ["white space", "QUJ D"],
    ["a line break at the end", "QUJD\n"],
    ["a length that no bytes have", "QUJDR"],
    ["spare bits of one byte that are not zero", "QR"],
    ["spare bits of two bytes that are not zero", "QUJ"],
    ["characters beyond ASCII", "QUÄD"],
  ])("refuses %s", (_what, text) => {
    expect(fromBase64Url(text)).toBeNull();
  });

  it("reads the empty text as no bytes", () => {
    expect(fromBase64Url("")).toEqual(new Uint8Array());
  });
});

describe("toHex", () => {
  it("is what Node writes", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString("hex"));
      }),
    );
  });
});

describe("equalInConstantTime", () => {
  it("agrees with a comparison of the texts", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalInConstantTime(a, b)).toBe(toHex(a) === toHex(b));
        expect(equalInConstantTime(a, a.slice())).toBe(true);
      }),
    );
  });

  it.each([0, 7, 31])("sees a single bit that differs in byte %i", (index) => {
    const a = new Uint8Array(32);
    const b = new Uint8Array(32);
    b[index] = 1;
    expect(equalInConstantTime(a, b)).toBe(false);
  });
});

describe("lengthPrefixed", () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 6 }), bytes), {
    maxLength: 5,
  });
  const plain = (list: readonly (string | Uint8Array)[]) =>
    list.map((part) => toHex(typeof part === "string" ? utf8(part) : part));

  it("gives different bytes for different lists", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(plain(a)) === JSON.stringify(plain(b));
        expect(toHex(lengthPrefixed(a)) === toHex(lengthPrefixed(b))).toBe(same);
      }),
    );
  });

  it("writes lengths as 32-bit big-endian numbers", () => {
    expect(toHex(lengthPrefixed(["ab", new Uint8Array([255])]))).toBe("00000002616200000001ff");
  });
});
