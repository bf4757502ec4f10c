import type { Time } from "../types/runtime.ts";

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 300_000;

/** Counts failures in a row by id, and tries again after 1 s, 2 s, 4 s … and then every five minutes. */
export class BackOff {
  readonly #time: Time;
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();

  constructor(time: Time) {
    this.#time = time;
  }

  /** Failures since the last success. */
  failures(id: string): number {
    return this.#failures.get(id) ?? 0;
  }

  succeeded(id: string): void {
    this.#failures.delete(id);
  }

  /** Counts a failure. With `retry`, calls it once the delay is over; without, nothing more happens. */
  failed(id: string, retry: (() => void) | null): void {
    const failures = this.failures(id) + 1;
    this.#failures.set(id, failures);
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    if (retry === null) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LAST_DELAY_MS);
    const cancel = this.#time.after(delay, () => {
      this.#timers.delete(id);
      retry();
    });
    this.#timers.set(id, cancel);
  }

  /** Gives up every retry that waits. */
  cancel(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
