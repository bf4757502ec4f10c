import type { MissingCredential } from "../types/auth.ts";
import type { CallOutcome, HostCall } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Owner } from "../types/vault.ts";
import { stackOf } from "../errors.ts";
import { LruMap } from "../util/lru.ts";
import { needsCredentials } from "./credential-needs.ts";
import { ownerOf } from "./owners.ts";
import { stopped, unlessCancelled, type CallRun } from "./plugin-run.ts";
import type { PluginState } from "./plugin-state.ts";
import type { CallReports } from "./running-call.ts";

/** The life of one owner's plugin object. The pool never runs two of its methods at once, but for `abandon`. */
export interface OwnerLife {
  readonly state: PluginState;
  /** `null` unless it runs. */
  readonly run: CallRun | null;
  load(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  abandon(): void;
}

export interface OwnerLimits {
  /** Objects that one instance may have at a time. */
  readonly max: number;
  /** How long one is kept that nobody uses, in milliseconds. */
  readonly idleMs: number;
}

export interface OwnerObjectsDeps {
  readonly instanceId: string;
  readonly limits: OwnerLimits;
  /** @param onEnded the object is gone although nobody stopped it; lets go of what is left of it in its turn */
  readonly create: (
    owner: Owner,
    handedOut: Scrubber,
    onEnded: (letGo: () => Promise<void>) => void,
  ) => OwnerLife;
  readonly findMissing: (owner: Owner) => Promise<readonly MissingCredential[]>;
  readonly createScrubber: () => Scrubber;
  readonly time: Time;
  readonly logger: Logger;
}

interface Entry {
  readonly life: OwnerLife;
  readonly handedOut: Scrubber;
  /** Its way up has ended, however. Never rejects. */
  ready: Promise<readonly MissingCredential[]>;
  inUse: number;
  cancelIdle: () => void;
}

/**
 * The plugin objects of an instance whose credentials belong to its users: one for each owner, made on first use, stopped
 * when nobody uses it. One that ends or does not start concerns its owner alone.
 */
export class OwnerObjects implements CallRun {
  readonly #deps: OwnerObjectsDeps;
  /** In the order of their last use. */
  readonly #entries = new Map<Owner, Entry>();
  readonly #ending = new Map<Owner, Promise<void>>();
  /** They outlive the objects: a call's answer may come just after its object's end. */
  readonly #scrubbers: LruMap<Owner, Scrubber>;
  readonly #whenIdle = new Set<() => void>();
  /** Those that wait for their object to start count, too. */
  #calls = 0;
  #closed = false;

  constructor(deps: OwnerObjectsDeps) {
    this.#deps = deps;
    this.#scrubbers = new LruMap(2 * deps.limits.max);
  }

  get instanceId(): string {
    return this.#deps.instanceId;
  }

  async call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome> {
    const { instanceId } = this.#deps;
    if (this.#closed) throw stopped(instanceId);
    const owner = ownerOf(call.principal);
    if (owner === null)
      return refusal(`"${instanceId}" serves callers with credentials of their own.`);
    const entry = this.#entries.get(owner) ?? this.#open(owner);
    if (entry === null) {
      return refusal(`"${instanceId}" serves as many users as it can right now. Try again later.`);
    }
    this.#begin(owner, entry);
    try {
      const missing = await unlessCancelled(entry.ready, call, reports);
      if (missing.length > 0) return needsCredentials(instanceId, owner, missing);
      const { run } = entry.life;
      if (run === null) throw stopped(instanceId);
      return await run.call(call, timeoutMs, reports);
    } finally {
      this.#end(owner, entry);
    }
  }

  handedOutTo(principal: Principal): Scrubber {
    const owner = ownerOf(principal);
    if (owner === null) return this.#deps.createScrubber();
    return this.#entries.get(owner)?.handedOut ?? this.#scrubberOf(owner);
  }

  async drain(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#deps.time.after(graceMs, resolve);
        this.#whenIdle.add(() => {
          cancel();
          resolve();
        });
      });
    }
    const lives = [...this.#entries.values()].map(({ life }) => life);
    for (const life of lives) if (life.run === null) life.abandon();
    await Promise.all(lives.flatMap(({ run }) => run?.drain(0) ?? []));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const owner of this.#entries.keys()) this.forget(owner);
    await Promise.all(this.#ending.values());
  }

  /** Stops an owner's object after its calls in flight: its credentials are others now. */
  forget(owner: Owner): void {
    const entry = this.#entries.get(owner);
    if (entry === undefined) return;
    this.#entries.delete(owner);
    entry.cancelIdle();
    const before = this.#ending.get(owner) ?? Promise.resolve();
    const end = Promise.allSettled([before, entry.ready])
      .then(() => entry.life.stop())
      .catch((error: unknown) => {
        const fields = { owner, error: stackOf(error) };
        this.#deps.logger.error("A user's plugin object did not stop in order", fields);
      })
      .finally(() => {
        if (this.#ending.get(owner) === end) this.#ending.delete(owner);
      });
    this.#ending.set(owner, end);
  }

  /** `null` when there are as many as may be, and each is in use. */
  #open(owner: Owner): Entry | null {
    const { limits, create } = this.#deps;
    const before = [this.#ending.get(owner) ?? Promise.resolve()];
    if (this.#entries.size >= limits.max) {
      const idle = [...this.#entries].find(([, { inUse }]) => inUse === 0);
      if (idle === undefined) return null;
      this.forget(idle[0]);
      before.push(this.#ending.get(idle[0]) ?? Promise.resolve());
    }
    const handedOut = this.#scrubberOf(owner);
    const drop = () => void (this.#entries.get(owner) === entry && this.#entries.delete(owner));
    const life = create(owner, handedOut, (letGo) => {
      drop();
      void entry.ready.then(letGo);
    });
    const entry: Entry = {
      life,
      handedOut,
      ready: Promise.resolve([]),
      inUse: 0,
      cancelIdle: () => {},
    };
    entry.ready = this.#bringUp(owner, life, before).finally(() => {
      if (life.run === null) drop();
    });
    this.#entries.set(owner, entry);
    return entry;
  }

  #scrubberOf(owner: Owner): Scrubber {
    const handedOut = this.#scrubbers.get(owner) ?? this.#deps.createScrubber();
    this.#scrubbers.set(owner, handedOut);
    return handedOut;
  }

  /** Answers what the owner has not stored; nothing was loaded then. */
  async #bringUp(
    owner: Owner,
    life: OwnerLife,
    before: readonly Promise<void>[],
  ): Promise<readonly MissingCredential[]> {
    try {
      await Promise.all(before);
      const missing = await this.#deps.findMissing(owner);
      if (missing.length > 0) return missing;
      await life.load();
      if (life.state === "loaded") await life.start();
    } catch (error) {
      const fields = { owner, error: stackOf(error) };
      this.#deps.logger.error("A user's plugin object did not start", fields);
    }
    return [];
  }

  #begin(owner: Owner, entry: Entry): void {
    this.#calls++;
    entry.inUse++;
    entry.cancelIdle();
    if (this.#entries.get(owner) !== entry) return;
    this.#entries.delete(owner);
    this.#entries.set(owner, entry);
  }

  #end(owner: Owner, entry: Entry): void {
    this.#calls--;
    if (this.#calls === 0) for (const resume of this.#whenIdle) resume();
    entry.inUse--;
    if (entry.inUse > 0 || this.#entries.get(owner) !== entry) return;
    entry.cancelIdle = this.#deps.time.after(this.#deps.limits.idleMs, () => this.forget(owner));
  }
}

function refusal(message: string): CallOutcome {
  return { kind: "tool-error", message };
}
