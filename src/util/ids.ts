import { toBase64Url, toHex } from "./bytes.ts";

/** A lower-case UUIDv7 (RFC 9562): sorts by the time it was made, to the millisecond. */
export function uuidv7(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, Math.floor(now / 0x10000));
  new DataView(bytes.buffer).setUint16(4, now % 0x10000);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** 256 random bits behind a prefix that tells people, and secret scanners, what it is. */
export function randomToken(prefix: string): string {
  return prefix + toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Whether a text has the form of such a token without a prefix. */
export function isRandomToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}
