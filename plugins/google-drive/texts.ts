const TEXT_TYPE =
  /^(?:text\/.+|application\/(?:[\w.+-]+\+)?(?:json|xml|yaml)|application\/(?:x-)?(?:javascript|ecmascript|typescript|sh|shellscript|sql|yaml|toml|ndjson|httpd-php|python|perl|ruby|latex|tex|subrip|csv)|application\/(?:rtf|graphql|jsonl|json5)|image\/svg\+xml|message\/rfc822)$/;
/** What Drive calls files that it does not know. */
const UNKNOWN_TYPE = "application/octet-stream";

/** `maybe` for what only its bytes can tell. */
export function isTextType(mimeType: string): boolean | "maybe" {
  const [bare = ""] = mimeType.toLowerCase().split(";");
  return bare.trim() === UNKNOWN_TYPE ? "maybe" : TEXT_TYPE.test(bare.trim());
}

/** Whether the bytes are UTF-8, or UTF-16 with its mark, and nothing in them is for machines alone. */
export function looksLikeText(bytes: Uint8Array): boolean {
  if (markOf(bytes) !== null) return true;
  try {
    // oxlint-disable-next-line no-control-regex -- these are what text does not have
    return !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch {
    return false;
  }
}

/** By its mark, as UTF-8 if it can be, by what the answer says, or else as Windows would. Never fails. */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  const charset = /;\s*charset="?([\w-]+)"?/i.exec(contentType ?? "")?.[1];
  for (const encoding of [markOf(bytes), "utf-8", charset]) {
    if (encoding === null || encoding === undefined) continue;
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // It is another one, or one that nobody knows.
    }
  }
  return new TextDecoder("windows-1252").decode(bytes);
}

/** A piece of a text that cuts no character in two. `end` is where the next one begins. */
export function cut(text: string, from: number, length: number): { text: string; end: number } {
  const start = isInside(text, from) ? from + 1 : from;
  const wanted = Math.min(text.length, from + length);
  const end = isInside(text, wanted) ? wanted - 1 : wanted;
  return { text: text.slice(start, end), end };
}

/** In chunks, because a function takes so many arguments and no more. */
export function toBase64(bytes: Uint8Array): string {
  const CHUNK = 0x80_00;
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function markOf(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
}

function isInside(text: string, at: number): boolean {
  return /[\uDC00-\uDFFF]/.test(text.charAt(at)) && /[\uD800-\uDBFF]/.test(text.charAt(at - 1));
}
