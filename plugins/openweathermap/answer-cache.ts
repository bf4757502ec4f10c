/** The service computes its weather anew every ten minutes and asks not to be called more often for one place. */
const KEEP_MS = 10 * 60 * 1_000;
const MAX_ENTRIES = 200;

/** Answers of the last ten minutes, the newest 200 of them. */
export class AnswerCache {
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly value: unknown; readonly until: number }>();

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get(key: string): unknown {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.#now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: unknown): void {
    this.#entries.set(key, { value, until: this.#now() + KEEP_MS });
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }
}
