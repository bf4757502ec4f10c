import { decodeUtf8 } from "../util/text-units.ts";

type Units = Uint16Array<ArrayBuffer>;

/**
 * The forms in which a secret may stand in a text, as UTF-16 units, made one after the other in memory that is wiped when the
 * next one is asked for. No string is made of any. A form that would be the same as the secret itself is left out, and so is
 * what differs in case only, or in the alphabet of base64.
 */
export function* secretForms(secret: Uint8Array): Generator<Units> {
  for (const make of FORMS) {
    const units = make(secret);
    if (units === null) continue;
    try {
      yield units;
    } finally {
      wipe(units);
    }
  }
  yield* linesOf(secret);
}

const FORMS: readonly ((secret: Uint8Array) => Units | null)[] = [
  decodeUtf8,
  (secret) => escaped(secret, 1),
  // JSON text in a string of JSON, as in a tool's text content.
  (secret) => escaped(secret, 2),
  (secret) => base64(secret, 0),
  (secret) => base64(secret, 1),
  (secret) => base64(secret, 2),
  // JSON text in base64, as in a resource's blob.
  (secret) => base64OfEscaped(secret, 0),
  (secret) => base64OfEscaped(secret, 1),
  (secret) => base64OfEscaped(secret, 2),
  hex,
  (secret) => percentEncoded(secret, KEPT_IN_URI_COMPONENT),
  (secret) => percentEncoded(secret, KEPT_IN_FORM),
  bytesAsChars,
];

/** As `JSON.stringify` writes it, so many times over. */
function escaped(secret: Uint8Array, times: number): Units | null {
  let units = decodeUtf8(secret);
  for (let round = 0; round < times && units !== null; round++) {
    const plain: Units = units;
    units = escapeOnce(plain);
    wipe(plain);
  }
  return units;
}

function escapeOnce(plain: Units): Units | null {
  let length = 0;
  for (const code of plain) length += escapeOf(code)?.length ?? 1;
  if (length === plain.length) return null;
  const units = new Uint16Array(length);
  let at = 0;
  for (const code of plain) {
    const escape = escapeOf(code);
    if (escape === undefined) units[at++] = code;
    else for (const unit of escape) units[at++] = unit;
  }
  return units;
}

function escapeOf(code: number): readonly number[] | undefined {
  return code < ESCAPES.length ? ESCAPES[code] : undefined;
}

/** The escape of each ASCII character that has one. */
const ESCAPES: readonly (readonly number[] | undefined)[] = Array.from(
  { length: 128 },
  (_, code) => {
    const text = JSON.stringify(String.fromCharCode(code)).slice(1, -1);
    return text.length === 1 ? undefined : Array.from(text, (char) => char.charCodeAt(0));
  },
);

const BASE64 = codesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/**
 * The characters of base64 that the secret alone decides when so many bytes (modulo 3) stand before it. What it shares
 * with its neighbours, six bits at each end at most, is left out.
 */
function base64(secret: Uint8Array, before: number): Units {
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + secret.length) * 8) / 6);
  const units = new Uint16Array(end - first);
  for (let char = first; char < end; char++) {
    const bit = char * 6 - before * 8;
    const at = bit >> 3;
    const pair = (secret[at]! << 8) | (secret[at + 1] ?? 0);
    units[char - first] = BASE64[(pair >> (10 - (bit & 7))) & 63]!;
  }
  return units;
}

/** The bytes of the characters that JSON escapes are the same in UTF-8. */
function base64OfEscaped(secret: Uint8Array, before: number): Units | null {
  const units = Uint16Array.from(secret);
  const escapes = escapeOnce(units);
  const bytes = escapes && Uint8Array.from(escapes);
  const form = bytes && base64(bytes, before);
  wipe(units);
  if (escapes !== null) wipe(escapes);
  bytes?.fill(0);
  return form;
}

const HEX = codesOf("0123456789ABCDEF");

function hex(secret: Uint8Array): Units {
  const units = new Uint16Array(secret.length * 2);
  for (const [at, byte] of secret.entries()) {
    units[at * 2] = HEX[byte >> 4]!;
    units[at * 2 + 1] = HEX[byte & 15]!;
  }
  return units;
}

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** As `encodeURIComponent` writes it. */
const KEPT_IN_URI_COMPONENT: ReadonlySet<number> = new Set(codesOf(`${ALPHANUMERIC}-_.!~*'()`));
/** As `URLSearchParams` writes it, which makes a `+` of a space. */
const KEPT_IN_FORM: ReadonlySet<number> = new Set(codesOf(`${ALPHANUMERIC}*-._ `));
const SPACE = 0x20;
const PLUS = 0x2b;
const PERCENT = 0x25;

function percentEncoded(secret: Uint8Array, kept: ReadonlySet<number>): Units | null {
  let length = 0;
  for (const byte of secret) length += kept.has(byte) ? 1 : 3;
  if (length === secret.length && !secret.includes(SPACE)) return null;
  const units = new Uint16Array(length);
  let at = 0;
  for (const byte of secret) {
    if (kept.has(byte)) {
      units[at++] = byte === SPACE ? PLUS : byte;
    } else {
      units[at++] = PERCENT;
      units[at++] = HEX[byte >> 4]!;
      units[at++] = HEX[byte & 15]!;
    }
  }
  return units;
}

/** UTF-8 that was read as Latin-1, a character a byte. */
function bytesAsChars(secret: Uint8Array): Units | null {
  return secret.some((byte) => byte > 0x7f) ? Uint16Array.from(secret) : null;
}

const LINE_BREAKS: ReadonlySet<number> = new Set([0x0a, 0x0d]);
const IN_KEY_LINES: ReadonlySet<number> = new Set([...BASE64, ...codesOf("-_=")]);
const MIN_KEY_LINE = 16;

/** The lines of a key in PEM: a log has them one by one. Its first and last line are in every such key, and no secret. */
function* linesOf(secret: Uint8Array): Generator<Units> {
  if (!secret.includes(0x0a)) return;
  let start = 0;
  for (let at = 0; at <= secret.length; at++) {
    if (at < secret.length && !LINE_BREAKS.has(secret[at]!)) continue;
    const line = secret.subarray(start, at);
    start = at + 1;
    if (line.length < MIN_KEY_LINE || !line.every((byte) => IN_KEY_LINES.has(byte))) continue;
    const units = Uint16Array.from(line);
    try {
      yield units;
    } finally {
      wipe(units);
    }
  }
}

function codesOf(chars: string): readonly number[] {
  return Array.from(chars, (char) => char.charCodeAt(0));
}

/** All of the memory, also what lies behind the end of a part. */
function wipe(units: Units): void {
  new Uint8Array(units.buffer).fill(0);
}
