import type { Time } from "../types/runtime.ts";
import type { Owner } from "../types/vault.ts";

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 60_000;

interface Failure {
  readonly times: number;
  readonly at: number;
}

/** Remembers whose object did not start, so that not every call of theirs costs another try. */
export class StartFailures {
  readonly #time: Pick<Time, "now">;
  readonly #capacity: number;
  /** The latest last. */
  readonly #failures = new Map<Owner, Failure>();

  constructor(capacity: number, time: Pick<Time, "now">) {
    this.#capacity = capacity;
    this.#time = time;
  }

  /** Whether it is too early for another try: 1 s after the first failure, 2 s after the second … and a minute at most. */
  holds(owner: Owner): boolean {
    const failure = this.#failures.get(owner);
    if (failure === undefined) return false;
    const passed = this.#time.now() - failure.at;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failure.times - 1), LAST_DELAY_MS);
    // A clock that was set back must not lock anybody out.
    return passed >= 0 && passed < delay;
  }

  note(owner: Owner): void {
    const times = (this.#failures.get(owner)?.times ?? 0) + 1;
    this.#failures.delete(owner);
    this.#failures.set(owner, { times, at: this.#time.now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > this.#capacity && oldest !== undefined) this.forget(oldest);
  }

  forget(owner: Owner): void {
    this.#failures.delete(owner);
  }
}
