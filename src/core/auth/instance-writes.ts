import type { Lease, WriteLeases } from "./write-leases.ts";

/** So that other processes get their turn. */
const MAX_WRITES_A_LEASE = 32;

interface Waiting {
  readonly write: (lease: Lease) => Promise<void>;
  readonly reject: (error: unknown) => void;
}

/** Lets pieces of work with one name come one after another, among all processes that share a store. */
export interface Turns {
  run<T>(name: string, work: (lease: Lease) => Promise<T>): Promise<T>;
}

/** Writes of one instance come one after another; those that wait share a lease. */
export class InstanceWrites implements Turns {
  readonly #leases: WriteLeases;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #draining = new Set<Promise<void>>();

  constructor(leases: WriteLeases) {
    this.#leases = leases;
  }

  /**
   * Runs `write` when it is its turn. What fails holds up nobody.
   *
   * @throws AppError `VAULT_UNAVAILABLE` when other processes leave no turn, and whatever `write` throws
   */
  run<T>(instanceId: string, write: (lease: Lease) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiting: Waiting = {
      write: async (lease) => {
        try {
          resolve(await write(lease));
        } catch (error) {
          reject(error);
        }
      },
      reject,
    };
    const before = this.#waiting.get(instanceId);
    if (before !== undefined) {
      before.push(waiting);
      return promise;
    }
    this.#waiting.set(instanceId, [waiting]);
    const draining = this.#drain(instanceId);
    this.#draining.add(draining);
    void draining.finally(() => this.#draining.delete(draining));
    return promise;
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#draining.size > 0) await Promise.all(this.#draining);
  }

  async #drain(instanceId: string): Promise<void> {
    const waiting = this.#waiting.get(instanceId)!;
    while (waiting.length > 0) {
      try {
        await this.#leases.hold(instanceId, async (lease) => {
          let { isUnbroken } = lease;
          for (const { write } of waiting.splice(0, MAX_WRITES_A_LEASE)) {
            await write({ isUnbroken, assertHeld: () => lease.assertHeld() });
            isUnbroken = true;
          }
        });
      } catch (error) {
        for (const { reject } of waiting.splice(0)) reject(error);
      }
    }
    this.#waiting.delete(instanceId);
  }
}
