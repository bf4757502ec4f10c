import { AppError } from "../../errors.ts";
import type { Time } from "../../types/runtime.ts";
import type { VaultStore } from "../../types/vault.ts";
import { sleep } from "../../util/sleep.ts";
import { tooBusy } from "./vault-faults.ts";

/** A holder that has not shown itself for so long is dead. Each process measures by itself, so clocks need not agree. */
const DEAD_MS = 2_000;
const RENEW_MS = 500;
const POLL_MS = 25;
const PATIENCE_MS = 30_000;

/** Shows that this process alone changes something. */
export interface Lease {
  /** Whether nobody else has held it since this process did: what this one remembers still stands. */
  readonly isUnbroken: boolean;
  /** @throws AppError `VAULT_UNAVAILABLE` when this process hung for so long that another may have taken it */
  assertHeld(): void;
}

/**
 * Lets one process at a time write: storing a record and committing it are two steps, and a driver keeps what was written
 * last, so a slow writer would put an older record over one that is committed. A process that dies holds up the others
 * for two seconds.
 */
export class WriteLeases {
  readonly #store: VaultStore;
  readonly #time: Time;
  readonly #holder: string;
  readonly #left = new Map<string, string>();
  #count = 0;

  constructor(store: VaultStore, time: Time) {
    this.#store = store;
    this.#time = time;
    this.#holder = crypto.randomUUID();
  }

  /** Not twice at once for the same name. */
  async hold<T>(name: string, work: (lease: Lease) => Promise<T>): Promise<T> {
    const key = `vault.lease.${name}`;
    let { text, isUnbroken, heldAt } = await this.#acquire(key);
    let isLost = false;
    let renewal: Promise<void> = Promise.resolve();
    let cancel = this.#time.after(RENEW_MS, renew);

    const renewNow = async () => {
      const now = this.#time.elapsed();
      const next = this.#text("held");
      try {
        isLost = !(await this.#store.setValue(key, next, text));
        if (isLost) return;
        text = next;
        heldAt = now;
      } catch {
        // The next time may do; `assertHeld` tells when it is too late.
      }
      cancel = this.#time.after(RENEW_MS, renew);
    };
    function renew(): void {
      renewal = renewNow();
    }

    const assertHeld = () => {
      if (!isLost && this.#time.elapsed() - heldAt < DEAD_MS / 2) return;
      throw new AppError("VAULT_UNAVAILABLE", "The vault's store took too long; try again.");
    };
    try {
      return await work({ isUnbroken, assertHeld });
    } finally {
      await renewal;
      cancel();
      if (!isLost) await this.#release(key, text);
    }
  }

  async #acquire(key: string): Promise<{ text: string; isUnbroken: boolean; heldAt: number }> {
    const since = this.#time.elapsed();
    let seen = this.#left.get(key) ?? (await this.#store.value(key));
    let seenAt = this.#time.elapsed();
    for (;;) {
      const isFree =
        seen === null ||
        seen.endsWith(".free") ||
        seen.startsWith(this.#holder) ||
        this.#time.elapsed() - seenAt >= DEAD_MS;
      if (isFree) {
        const text = this.#text("held");
        const isUnbroken = seen !== null && seen === this.#left.get(key);
        // From before the answer, which may take longer than others wait.
        const heldAt = this.#time.elapsed();
        if (await this.#store.setValue(key, text, seen)) {
          this.#left.delete(key);
          return { text, isUnbroken, heldAt };
        }
      } else if (this.#time.elapsed() - since >= PATIENCE_MS) {
        throw tooBusy("The vault");
      } else {
        await sleep(this.#time, POLL_MS);
      }
      const now = await this.#store.value(key);
      if (now !== seen) seenAt = this.#time.elapsed();
      seen = now;
    }
  }

  async #release(key: string, text: string): Promise<void> {
    const free = this.#text("free");
    try {
      if (await this.#store.setValue(key, free, text)) this.#left.set(key, free);
    } catch {
      // What was done is done. The others wait until it counts as dead; this process knows its own.
    }
  }

  #text(state: "held" | "free"): string {
    return `${this.#holder}.${++this.#count}.${state}`;
  }
}
