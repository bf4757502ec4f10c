import type { Time } from "../types/runtime.ts";

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 300_000;
/** What runs for this long has recovered. One that ends sooner each time must not be restarted at full speed. */
const STABLE_MS = 60_000;

/** Counts failures in a row by id, and tries again after 1 s, 2 s, 4 s … and then every five minutes. */
export class BackOff {
  readonly #time: Time;
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();

  constructor(time: Time) {
    this.#time = time;
  }

  /** Failures in a row. */
  failures(id: string): number {
    return this.#failures.get(id) ?? 0;
  }

  /** Says that it runs. Its failures are forgotten once it has done so for a minute. */
  runs(id: string): void {
    this.#setTimer(id, STABLE_MS, () => this.#failures.delete(id));
  }

  /** Counts a failure. With `retry`, calls it once the delay is over; without, nothing more happens. */
  failed(id: string, retry: (() => void) | null): void {
    const failures = this.failures(id) + 1;
    this.#failures.set(id, failures);
    this.#clearTimer(id);
    if (retry === null) return;
    this.#setTimer(id, Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LAST_DELAY_MS), retry);
  }

  /** Gives up its retry and its failures: it has other code or settings now, or is gone. */
  forget(id: string): void {
    this.#clearTimer(id);
    this.#failures.delete(id);
  }

  /** Gives up every retry that waits. */
  cancel(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #setTimer(id: string, ms: number, task: () => void): void {
    this.#clearTimer(id);
    const cancel = this.#time.after(ms, () => {
      this.#timers.delete(id);
      task();
    });
    this.#timers.set(id, cancel);
  }

  #clearTimer(id: string): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }
}
