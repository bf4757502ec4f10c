import { fromBase64Url, fromHex } from "../../util/bytes.ts";
import { ok, refuse, type Result } from "../../util/result.ts";

const BYTES = 32;

/** Reads a master key: exactly 32 bytes as base64, base64url or hex, and nothing else around them. */
export function parseMasterKey(text: string): Result<Uint8Array, string> {
  const trimmed = text.trim();
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed)
    ? fromHex(trimmed)
    : fromBase64Url(trimmed.replace(/=$/, "").replaceAll("+", "-").replaceAll("/", "_"));
  return bytes?.length === BYTES
    ? ok(bytes)
    : refuse(`The master key must be exactly ${BYTES} bytes, as base64 or as hex.`);
}
