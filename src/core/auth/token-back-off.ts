import type { Time } from "../../types/runtime.ts";

const FIRST_MS = 1_000;
const LAST_MS = 5 * 60_000;

interface Failure {
  readonly count: number;
  readonly until: number;
  readonly reason: string;
}

/** How long to leave a provider alone that did not answer as it should. */
export class TokenBackOff {
  readonly #time: Time;
  readonly #failures = new Map<string, Failure>();

  constructor(time: Time) {
    this.#time = time;
  }

  waitMs(key: string): number {
    return Math.max(0, (this.#failures.get(key)?.until ?? 0) - this.#time.elapsed());
  }

  /** Of the last failure. */
  reason(key: string): string {
    return this.#failures.get(key)?.reason ?? "";
  }

  /**
   * Answers how long to wait.
   *
   * @param askedMs what the provider asked for; it is given at least that
   */
  failed(key: string, reason: string, askedMs = 0): number {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const waitMs = Math.max(Math.min(FIRST_MS * 2 ** (count - 1), LAST_MS), askedMs);
    this.#failures.set(key, { count, reason, until: this.#time.elapsed() + waitMs });
    return waitMs;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
