/**
 * Takes known secrets out of texts. It knows them by salted fingerprints and keeps no copy. Secrets of fewer than eight
 * characters are not known to it: they would be found where they are not.
 */
export interface Scrubber {
  /** UTF-8. The bytes are read, and not kept. */
  learn(secret: Uint8Array): void;
  /** The text with `[redacted]` for each known secret: raw, JSON-escaped, in base64, base64url, hex and URL-encoded. */
  scrub(text: string): string;
  /** Whether there is nothing to look for. */
  readonly isEmpty: boolean;
}
