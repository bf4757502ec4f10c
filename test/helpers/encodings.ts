/** A text as it may stand in what somebody else wrote. */
export interface Encoded {
  readonly form: string;
  readonly bytes: Buffer;
}

/**
 * Every form in which bytes are looked for: as they are, as UTF-16, in base64 of both alphabets wherever they stand in what
 * was encoded, in hex, and percent-encoded as far as it differs. Each form once.
 */
export function encodingsOf(secret: Uint8Array): readonly Encoded[] {
  const raw = Buffer.from(secret);
  const text = raw.toString("latin1");
  const hex = raw.toString("hex");
  const percent = (digits: string) => digits.replaceAll(/../g, "%$&");
  const forms: [string, Buffer][] = [
    ["raw", raw],
    ["UTF-16", Buffer.from(text, "utf16le")],
    ...([0, 1, 2] as const).flatMap((before): [string, Buffer][] => [
      [`base64 after ${before}`, base64(raw, before, "base64")],
      [`base64url after ${before}`, base64(raw, before, "base64url")],
    ]),
    ["hex", Buffer.from(hex)],
    ["HEX", Buffer.from(hex.toUpperCase())],
    ["URL-encoded", Buffer.from(encodeURIComponent(text))],
    ["percent", Buffer.from(percent(hex))],
    ["PERCENT", Buffer.from(percent(hex.toUpperCase()))],
  ];
  const seen = new Set<string>();
  return forms.flatMap(([form, bytes]) => {
    const key = bytes.toString("latin1");
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ form, bytes }];
  });
}

/** The characters that the secret alone decides when so many bytes (modulo 3) stand before it. */
function base64(secret: Buffer, before: number, alphabet: "base64" | "base64url"): Buffer {
  const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString(alphabet);
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + secret.length) * 8) / 6);
  return Buffer.from(encoded.slice(first, end));
}
