/** What a scrubber calls a secret that it has learned: a keyed hash, which tells nothing of it. */
export type LearnedSecret = string & { readonly __learned: true };

/**
 * Takes known secrets out of texts. It knows them by salted fingerprints and keeps no copy. Secrets of fewer than eight
 * characters are not known to it: they would be found where they are not.
 */
export interface Scrubber {
  /** UTF-8. The bytes are read, and not kept. Answers what it knows the secret by; `null` for one that is too short. */
  learn(secret: Uint8Array): LearnedSecret | null;
  /** Whether it knows a secret still, which then counts as learned anew: so that nobody need teach it the same at each use. */
  knows(learned: LearnedSecret): boolean;
  /** The text with `[redacted]` for each known secret: raw, JSON-escaped, in base64, base64url, hex and URL-encoded. */
  scrub(text: string): string;
  /** Whether there is nothing to look for. */
  readonly isEmpty: boolean;
}
