import { messageOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";

/** A change of one instance's life. Answers `false` when it turned out, in its turn, that nothing was to be done. */
export type LifecycleChange = () => Promise<boolean | void>;

/** Runs the lifecycle changes of each instance one after the other, and those of different instances side by side. */
export class LifecycleChanges {
  /** The last change of each instance that has any. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #logger: Logger;
  readonly #ended: (id: string, changed: boolean) => void;

  /** @param ended called after each change, before the next one of the same instance */
  constructor(logger: Logger, ended: (id: string, changed: boolean) => void) {
    this.#logger = logger;
    this.#ended = ended;
  }

  /** Whether the instance has a change under way. */
  has(id: string): boolean {
    return this.#last.has(id);
  }

  /** Runs a change when those before it have ended; at once when there are none. */
  run(id: string, work: LifecycleChange): Promise<void> {
    const before = this.#last.get(id);
    const change: Promise<void> = (before === undefined ? work() : before.then(work))
      .catch((error: unknown) => {
        this.#logger.error("A lifecycle change failed", { plugin: id, error: messageOf(error) });
      })
      .then((changed) => {
        if (this.#last.get(id) === change) this.#last.delete(id);
        this.#ended(id, changed !== false);
      });
    this.#last.set(id, change);
    return change;
  }

  /** Resolves when the instance has no change under way. */
  async whenFree(id: string): Promise<void> {
    for (let change = this.#last.get(id); change; change = this.#last.get(id)) await change;
  }

  /** The end of the next change to end, of another instance than `id`; `null` when there is none under way. */
  next(id?: string): Promise<void> | null {
    const others = [...this.#last].flatMap(([other, change]) => (other === id ? [] : [change]));
    return others.length > 0 ? Promise.race(others) : null;
  }
}
