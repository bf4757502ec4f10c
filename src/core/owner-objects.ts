import type { MissingCredential } from "../types/auth.ts";
import type { CallOutcome, HostCall, HostKind } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Owner } from "../types/vault.ts";
import { stackOf } from "../errors.ts";
import { LruMap } from "../util/lru.ts";
import { needsCredentials, needsOwner } from "../util/needs-credentials.ts";
import { ownerOf } from "../util/owners.ts";
import { MAX_CALL_MS } from "./call-limits.ts";
import { OwnerObject, type OwnerLife } from "./owner-object.ts";
import { stopped, unlessCancelled, type CallRun } from "./plugin-run.ts";
import type { CallReports } from "./running-call.ts";
import { StartFailures } from "./start-failures.ts";

export interface OwnerLimits {
  /** Objects that one instance may have at a time. */
  readonly max: number;
  /** How long one is kept that nobody uses, in milliseconds. */
  readonly idleMs: number;
}

/** A thread of its own costs more than an object. */
export const OWNER_LIMITS: Readonly<Record<HostKind, OwnerLimits>> = {
  "in-process": { max: 100, idleMs: 600_000 },
  worker: { max: 20, idleMs: 600_000 },
};

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

/** Failures that are remembered: owners come and go. */
const MAX_FAILURES = 1_000;

/**
 * The plugin objects of an instance whose credentials belong to its users: one for each owner, made on first use, stopped
 * when nobody uses it. One that ends or does not start concerns its owner alone.
 */
export class OwnerObjects implements CallRun {
  readonly #deps: OwnerObjectsDeps;
  /** In the order of their last use. */
  readonly #objects = new Map<Owner, OwnerObject>();
  /** Those that get no new calls, until they have stopped. */
  readonly #ending = new Map<OwnerObject, Promise<void>>();
  /** They outlive the objects: a call's answer may come just after its object's end. */
  readonly #scrubbers: LruMap<Owner, Scrubber>;
  readonly #failures: StartFailures;
  readonly #whenUnused = new Set<() => void>();
  /** Those that wait for their object to start count, too. */
  #calls = 0;
  #closed = false;

  constructor(deps: OwnerObjectsDeps) {
    this.#deps = deps;
    this.#scrubbers = new LruMap(2 * deps.limits.max);
    this.#failures = new StartFailures(MAX_FAILURES, deps.time);
  }

  get instanceId(): string {
    return this.#deps.instanceId;
  }

  async call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome> {
    const { instanceId } = this.#deps;
    if (this.#closed) throw stopped(instanceId);
    const owner = ownerOf(call.principal);
    if (owner === null) return needsOwner(instanceId);
    if (this.#failures.holds(owner)) return this.#notStarted();
    const object = this.#objects.get(owner) ?? this.#open(owner);
    if (object === null) {
      return refusal(`"${instanceId}" serves as many users as it can right now. Try again later.`);
    }
    this.#begin(owner, object);
    try {
      const answer = await unlessCancelled(object.ready, call, reports);
      if (answer !== null && !this.#closed) return answer;
      const { run } = object.life;
      if (run === null) throw stopped(instanceId);
      return await run.call(call, timeoutMs, reports);
    } finally {
      this.#end(owner, object);
    }
  }

  handedOutTo(principal: Principal): Scrubber {
    const owner = ownerOf(principal);
    if (owner === null) return this.#deps.createScrubber();
    return this.#objects.get(owner)?.handedOut ?? this.#scrubberOf(owner);
  }

  async drain(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#deps.time.after(graceMs, resolve);
        this.#whenUnused.add(() => {
          cancel();
          resolve();
        });
      });
    }
    const all = [...this.#objects.values(), ...this.#ending.keys()];
    await Promise.all(all.map((object) => object.cutShort()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const object of this.#objects.values()) this.#letGo(object, 0);
    await Promise.all(this.#ending.values());
  }

  /**
   * A credential of the owner's was stored or deleted. Where the plugin cannot do without it, and the object has not done so
   * itself, the next call gets another object; those in flight finish on the old one.
   */
  takeCredentialChange(owner: Owner, name: string, isRequired: boolean): void {
    const object = this.#objects.get(owner);
    if (object?.life.hasWritten(name)) return;
    this.#failures.forget(owner);
    if (isRequired && object !== undefined) this.#letGo(object, MAX_CALL_MS);
  }

  /** @param graceMs for those that use it */
  #letGo(object: OwnerObject, graceMs: number): void {
    const { owner } = object;
    this.#objects.delete(owner);
    const end = object
      .retire(graceMs)
      .catch((error: unknown) => {
        const fields = { owner, error: stackOf(error) };
        this.#deps.logger.error("A user's plugin object did not stop in order", fields);
      })
      .finally(() => this.#ending.delete(object));
    this.#ending.set(object, end);
  }

  /** `null` when there are as many as may be, and each is in use. */
  #open(owner: Owner): OwnerObject | null {
    const { limits, create, time } = this.#deps;
    // One that nobody uses has stopped before the owner's next one starts.
    const before = [...this.#ending].flatMap(([object, end]) =>
      object.owner === owner && !object.isInUse ? [end] : [],
    );
    const finishing = [...this.#ending.keys()].filter(({ isInUse }) => isInUse);
    if (this.#objects.size + finishing.length >= limits.max) {
      const idle = [...this.#objects.values()].find(({ isInUse }) => !isInUse);
      if (idle === undefined) return null;
      this.#letGo(idle, 0);
      before.push(this.#ending.get(idle) ?? Promise.resolve());
    }
    const handedOut = this.#scrubberOf(owner);
    const drop = () => void (this.#objects.get(owner) === object && this.#objects.delete(owner));
    const life = create(owner, handedOut, (letGo) => {
      drop();
      void object.ready.then(letGo);
    });
    const object = new OwnerObject(owner, life, handedOut, time);
    object.ready = this.#bringUp(owner, life, before).then((answer) => {
      if (this.#objects.get(owner) === object && answer === "failed") this.#failures.note(owner);
      if (life.run === null) drop();
      return answer === "failed" ? this.#notStarted() : answer;
    });
    this.#objects.set(owner, object);
    return object;
  }

  #scrubberOf(owner: Owner): Scrubber {
    const handedOut = this.#scrubbers.get(owner) ?? this.#deps.createScrubber();
    this.#scrubbers.set(owner, handedOut);
    return handedOut;
  }

  /** Answers what to say where the owner has not stored what it needs: nothing was loaded then. */
  async #bringUp(
    owner: Owner,
    life: OwnerLife,
    before: readonly Promise<void>[],
  ): Promise<CallOutcome | "failed" | null> {
    const { findMissing, instanceId, logger } = this.#deps;
    try {
      await Promise.all(before);
      const missing = await findMissing(owner);
      if (missing.length > 0) return needsCredentials(instanceId, owner, missing);
      await life.load();
      if (life.state === "loaded") await life.start();
    } catch (error) {
      const fields = { owner, error: stackOf(error) };
      logger.error("A user's plugin object did not start", fields);
    }
    if (life.run === null) return "failed";
    this.#failures.forget(owner);
    return null;
  }

  #notStarted(): CallOutcome {
    const { instanceId } = this.#deps;
    return refusal(
      `"${instanceId}" could not be started for you; the server's log has the reason.`,
    );
  }

  #begin(owner: Owner, object: OwnerObject): void {
    this.#calls++;
    object.begin();
    if (this.#objects.get(owner) !== object) return;
    this.#objects.delete(owner);
    this.#objects.set(owner, object);
  }

  #end(owner: Owner, object: OwnerObject): void {
    this.#calls--;
    if (this.#calls === 0) for (const resume of this.#whenUnused) resume();
    object.end();
    if (object.isInUse || this.#objects.get(owner) !== object) return;
    object.whenIdle(this.#deps.limits.idleMs, () => this.#letGo(object, 0));
  }
}

function refusal(message: string): CallOutcome {
  return { kind: "tool-error", message };
}
