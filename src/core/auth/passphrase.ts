import { utf8 } from "../../util/bytes.ts";

/** A backup may lie where anybody can try passphrases for years. */
const MIN_CHARS = 12;

/** Why a text cannot protect a new backup, to be read after "The passphrase"; `null` when it can. */
export function passphraseFault(text: string): string | null {
  return text.length >= MIN_CHARS ? null : `must have at least ${MIN_CHARS} characters`;
}

/** The same bytes on every system: an é may be typed as one character or as two. */
export function passphraseBytes(text: string): Uint8Array {
  return utf8(text.normalize("NFKC"));
}
