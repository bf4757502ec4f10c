import type { Time } from "../types/runtime.ts";

/** A plugin that says "changed" in a loop costs ten readings a second at most. */
const REST_MS = 100;

/**
 * Answers notices of change by reading again: the first at once, those that come meanwhile or shortly after by one more
 * reading. A notice is never lost: a reading always begins after the last of them.
 */
export class ChangeNotices {
  readonly #read: () => Promise<void>;
  readonly #time: Time;
  #pending = false;
  #busy = false;

  /** @param read must not reject */
  constructor(read: () => Promise<void>, time: Time) {
    this.#read = read;
    this.#time = time;
  }

  notice(): void {
    this.#pending = true;
    if (this.#busy) return;
    this.#busy = true;
    void this.#answer();
  }

  async #answer(): Promise<void> {
    // One turn later, so that several notices in a row are one.
    await Promise.resolve();
    while (this.#pending) {
      this.#pending = false;
      await this.#read();
      await new Promise<void>((resolve) => void this.#time.after(REST_MS, resolve));
    }
    this.#busy = false;
  }
}
