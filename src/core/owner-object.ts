import type { CallOutcome } from "../types/host.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Owner } from "../types/vault.ts";
import type { CallRun } from "./plugin-run.ts";
import type { PluginState } from "./plugin-state.ts";

/** The life of one owner's plugin object. The pool never runs two of its methods at once, but for `abandon`. */
export interface OwnerLife {
  readonly state: PluginState;
  /** `null` unless it runs. */
  readonly run: CallRun | null;
  load(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  abandon(): void;
  /** Whether a change of a credential is one that it makes itself; asked once for each change. */
  hasWritten(name: string): boolean;
}

/** One owner's plugin object with those that use it, also while it comes up. */
export class OwnerObject {
  readonly owner: Owner;
  readonly life: OwnerLife;
  readonly handedOut: Scrubber;
  /** Its way up has ended: what to answer its calls, or `null` when it runs. Never rejects. */
  ready: Promise<CallOutcome | null> = Promise.resolve(null);
  readonly #time: Time;
  readonly #whenUnused = new Set<() => void>();
  #uses = 0;
  #cancelIdle = () => {};

  constructor(owner: Owner, life: OwnerLife, handedOut: Scrubber, time: Time) {
    this.owner = owner;
    this.life = life;
    this.handedOut = handedOut;
    this.#time = time;
  }

  get isInUse(): boolean {
    return this.#uses > 0;
  }

  begin(): void {
    this.#uses++;
    this.#cancelIdle();
  }

  end(): void {
    this.#uses--;
    if (this.#uses === 0) for (const resume of this.#whenUnused) resume();
  }

  /** Calls `then` once nobody has used it for so long. */
  whenIdle(ms: number, then: () => void): void {
    this.#cancelIdle = this.#time.after(ms, then);
  }

  /** Stops it once those that use it have ended, `graceMs` from now at most. It must get no new ones. */
  async retire(graceMs: number): Promise<void> {
    this.#cancelIdle();
    if (this.isInUse && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#time.after(graceMs, resolve);
        this.#whenUnused.add(() => {
          cancel();
          resolve();
        });
      });
    }
    await this.ready;
    await this.life.stop();
  }

  /** Ends its calls in flight, and its way up. */
  async cutShort(): Promise<void> {
    if (this.life.run === null) this.life.abandon();
    await this.life.run?.drain(0);
    for (const resume of this.#whenUnused) resume();
  }
}
