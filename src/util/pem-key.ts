import { utf8 } from "./bytes.ts";
import { allocateSecret } from "./secret-bytes.ts";

/** What a credential turned out to be that may be a private key in PEM. */
export type PemKey =
  | { readonly kind: "pkcs8"; readonly der: Uint8Array<ArrayBuffer> }
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "no-pem" };

const BEGIN = utf8("-----BEGIN ");
const DASHES = utf8("-----");
const LABEL = utf8("PRIVATE KEY-----");
const ALPHABET = utf8("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const VALUES = new Int16Array(256).fill(-1);
ALPHABET.forEach((char, value) => (VALUES[char] = value));
const NEWLINE = 0x0a;
const [BACKSLASH, SMALL_N, PAD] = utf8("\\n=");

/** Reads a private key in PEM from bytes to bytes: no text is made of it. The caller zeroes `der`. */
export function readPemKey(pem: Uint8Array): PemKey {
  const begin = indexOf(pem, BEGIN, 0);
  if (begin < 0) return { kind: "no-pem" };
  const label = begin + BEGIN.length;
  if (!startsWith(pem, LABEL, label)) return unusable();
  const start = label + LABEL.length;
  const end = indexOf(pem, DASHES, start);
  const der = end < 0 ? null : fromBase64(pem, start, end);
  return der === null ? unusable() : { kind: "pkcs8", der };
}

function unusable(): PemKey {
  const reason =
    'The key must be an unencrypted PKCS#8 key in PEM ("-----BEGIN PRIVATE KEY-----"); `openssl pkcs8 -topk8 -nocrypt -in key.pem` makes one of another.';
  return { kind: "unusable", reason };
}

/** `null` when there is something else than base64 and white space. A `\n` in two characters, as JSON has it, is a line's end. */
function fromBase64(text: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> | null {
  const bytes = allocateSecret(Math.floor(((end - start) * 3) / 4));
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    const char = text[at]!;
    if (isSpace(char) || char === PAD) continue;
    if (char === BACKSLASH && text[at + 1] === SMALL_N) {
      at++;
      continue;
    }
    const value = VALUES[char]!;
    if (value < 0) {
      bytes.fill(0);
      return null;
    }
    bits = ((bits << 6) | value) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = (bits >> count) & 0xff;
  }
  return bytes.subarray(0, length);
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x09 || char === 0x0d || char === NEWLINE;
}

function indexOf(text: Uint8Array, part: Uint8Array, from: number): number {
  for (let at = from; at + part.length <= text.length; at++)
    if (startsWith(text, part, at)) return at;
  return -1;
}

function startsWith(text: Uint8Array, part: Uint8Array, at: number): boolean {
  return part.every((byte, offset) => text[at + offset] === byte);
}
