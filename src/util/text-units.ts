/**
 * Texts as units in which the spellings of one value look the same: letters without their case, as in hex, and the two
 * alphabets of base64. `-` and `_` count as `+` and `/`.
 */
export function foldText(text: string, into: Uint16Array): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    into[at] = code < FOLDED.length ? FOLDED[code]! : code;
  }
}

/** The same in place, of units that are a text's. */
export function foldUnits(units: Uint16Array): Uint16Array<ArrayBuffer> {
  const folded = units as Uint16Array<ArrayBuffer>;
  for (let at = 0; at < units.length; at++) {
    const code = units[at]!;
    folded[at] = code < FOLDED.length ? FOLDED[code]! : code;
  }
  return folded;
}

const FOLDED = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return (char === "-" ? "+" : char === "_" ? "/" : char.toLowerCase()).charCodeAt(0);
});

/** The text that the bytes are in UTF-8, without ever making a string of it; `null` when they are none. */
export function decodeUtf8(bytes: Uint8Array): Uint16Array<ArrayBuffer> | null {
  const units = new Uint16Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const size =
      lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    let code = size === 1 ? lead : lead & (0x7f >> size);
    for (let next = at + 1; next < at + size; next++) {
      const byte = bytes[next] ?? 0;
      if ((byte & 0xc0) !== 0x80) return wiped(units);
      code = (code << 6) | (byte & 0x3f);
    }
    if (size === 0 || code < SMALLEST[size]! || code > 0x10ffff || (code & ~0x7ff) === 0xd800) {
      return wiped(units);
    }
    if (code > 0xffff) {
      units[length++] = 0xd7c0 + (code >> 10);
      units[length++] = 0xdc00 | (code & 0x3ff);
    } else {
      units[length++] = code;
    }
    at += size;
  }
  return units.subarray(0, length);
}

/** Of the codes that are written with so many bytes. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

function wiped(units: Uint16Array): null {
  units.fill(0);
  return null;
}
