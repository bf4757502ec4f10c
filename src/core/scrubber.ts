import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { LearnedSecret, Scrubber } from "../types/scrubber.ts";
import { toHex } from "../util/bytes.ts";
import { FormIndex, type Fingerprint } from "./form-index.ts";
import { secretForms } from "./secret-forms.ts";

/** Bytes of the shortest secret that is learned. */
const MIN_SECRET_BYTES = 8;
export const REDACTED = "[redacted]";

export interface ScrubberOptions {
  /** Beyond so many, the least recently learned one is forgotten. */
  readonly maxSecrets?: number;
  /** Likewise. Most secrets have five; a key in PEM has one more for each of its lines. */
  readonly maxForms?: number;
}

/**
 * Makes a scrubber that knows nothing yet. Letters count without their case, and base64 of either alphabet as the same,
 * padded or not, by itself or within longer text of base64. What overlaps is taken out as a whole. Forms of fewer than
 * eight characters are not found.
 */
export function createScrubber({
  maxSecrets = 10_000,
  maxForms = 200_000,
}: ScrubberOptions = {}): Scrubber {
  // Made at the first secret: most plugins never get one.
  let known: KnownSecrets | null = null;
  return {
    learn(secret) {
      if (secret.length < MIN_SECRET_BYTES) return null;
      known ??= new KnownSecrets(maxSecrets, maxForms);
      return known.learn(secret);
    },
    knows: (learned) => known?.knows(learned) ?? false,
    scrub: (text) => known?.scrub(text) ?? text,
    get isEmpty() {
      return known === null;
    },
  };
}

class KnownSecrets {
  readonly #mac = createMac();
  readonly #index = new FormIndex(this.#mac);
  /** By the keyed hash of the secret, the least recently learned one first. */
  readonly #forms = new Map<string, readonly Fingerprint[]>();
  readonly #maxSecrets: number;
  readonly #maxForms: number;

  constructor(maxSecrets: number, maxForms: number) {
    this.#maxSecrets = maxSecrets;
    this.#maxForms = maxForms;
  }

  knows(id: LearnedSecret): boolean {
    const forms = this.#forms.get(id);
    if (forms === undefined) return false;
    this.#forms.delete(id);
    this.#forms.set(id, forms);
    return true;
  }

  learn(secret: Uint8Array): LearnedSecret {
    const id = this.#mac(secret) as LearnedSecret;
    if (this.knows(id)) return id;
    const forms: Fingerprint[] = [];
    for (const units of secretForms(secret)) {
      const form = this.#index.add(units);
      if (form !== null) forms.push(form);
    }
    this.#forms.set(id, forms);
    while (this.#forms.size > this.#maxSecrets || this.#isTooMuch()) this.#forgetOldest();
    return id;
  }

  scrub(text: string): string {
    const found = this.#index.find(text);
    if (found.length === 0) return text;
    let clean = "";
    let copied = 0;
    for (const [start, end] of merged(found)) {
      clean += text.slice(copied, start) + REDACTED;
      copied = end;
    }
    return clean + text.slice(copied);
  }

  #isTooMuch(): boolean {
    return this.#index.size > this.#maxForms && this.#forms.size > 1;
  }

  #forgetOldest(): void {
    const [id, forms] = this.#forms.entries().next().value!;
    this.#forms.delete(id);
    for (const form of forms) this.#index.remove(form);
  }
}

/** In order, and one for those that overlap: the longest goes, and so does what only reaches into it. */
function merged(found: readonly [number, number][]): [number, number][] {
  const places: [number, number][] = [];
  for (const [start, end] of found.toSorted((a, b) => a[0] - b[0])) {
    const last = places.at(-1);
    if (last === undefined || start >= last[1]) places.push([start, end]);
    else last[1] = Math.max(last[1], end);
  }
  return places;
}

/** 128 bits of HMAC-SHA-256 under a key that nobody else has. */
function createMac(): (bytes: Uint8Array) => string {
  const keyed = hmac.create(sha256, crypto.getRandomValues(new Uint8Array(32)));
  return (bytes) => toHex(keyed.clone().update(bytes).digest().subarray(0, 16));
}
