import { stackOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import { inOrder } from "./in-order.ts";
import type { LifecycleChanges } from "./lifecycle-changes.ts";
import {
  dependentsIn,
  needsOf,
  type DependencyPlan,
  type StartDecision,
} from "./plugin-dependencies.ts";
import type { PluginInstance } from "./plugin-instance.ts";
import type { RegisteredInstance } from "./registry.ts";

export interface PluginReloadsDeps {
  /** The one life of each instance that counts. */
  readonly instances: Map<string, PluginInstance>;
  readonly changes: LifecycleChanges;
  /** What is wanted of an instance now; `null` when it is to go. */
  readonly wanted: (instanceId: string) => RegisteredInstance | null;
  readonly create: (registered: RegisteredInstance) => PluginInstance;
  readonly overlaps: (registered: RegisteredInstance) => boolean;
  readonly plans: () => ReadonlyMap<string, DependencyPlan>;
  /** Whether a life may start that is to take over from the one that counts. */
  readonly decide: (successor: PluginInstance) => StartDecision;
  /** Other code or settings count from now on: what was known of the old does not. */
  readonly forget: (instanceId: string) => void;
  readonly onTakenOver: (instanceId: string) => void;
  readonly isStopping: () => boolean;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Puts new lives in the place of old ones, when code or settings have changed. Where a host can run two lives at once,
 * the new one is ready before it takes over, and the old one finishes its calls.
 */
export class PluginReloads {
  readonly #deps: PluginReloadsDeps;
  /** The latest replacement that each instance waits for. */
  readonly #latest = new Map<string, object>();
  readonly #errors = new Map<string, string>();
  /** The end of the latest replacement of each instance that has one under way. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Lives that are on their way up, to take over. */
  readonly #comingUp = new Map<string, PluginInstance>();
  /** Lives that did not start because of what they depend on, to be tried again when that has changed. */
  readonly #blocked = new Map<string, PluginInstance>();
  /** Instances whose latest version did not start for want of credentials. */
  readonly #lacking = new Set<string>();
  /** Lives that another has taken over from. */
  readonly #retiring = new Set<PluginInstance>();

  constructor(deps: PluginReloadsDeps) {
    this.#deps = deps;
  }

  /** Why the latest version of an instance is not the one that runs. */
  errorOf(instanceId: string): string | null {
    return this.#errors.get(instanceId) ?? null;
  }

  /** Ends the lives that still finish calls, after the time that a stop allows. */
  async stop(): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled([...this.#retiring].map((old) => old.stop()));
  }

  /** Replaces instances by what is wanted of them, and reloads those that depend on them, each after what it needs. */
  async replace(instanceIds: Iterable<string>): Promise<void> {
    const plans = this.#deps.plans();
    const dependents = dependentsIn(plans);
    const asked = new Set(instanceIds);
    const all = new Set(asked);
    for (const id of all) for (const dependent of dependents.get(id) ?? []) all.add(dependent);
    const replaced = new Set<string>();
    const needs = (id: string) => needsOf(plans.get(id));
    const ends = new Map([...all].map((id) => [id, Promise.withResolvers<void>()]));
    for (const [id, { promise }] of ends) this.#underWay.set(id, promise);
    await inOrder(all, needs, async (id) => {
      const { promise, resolve } = ends.get(id)!;
      try {
        if (!asked.has(id) && !needs(id).some((need) => replaced.has(need))) return;
        if (await this.#replaceOne(id)) replaced.add(id);
      } finally {
        if (this.#underWay.get(id) === promise) this.#underWay.delete(id);
        resolve();
      }
    });
  }

  /** Resolves when an instance is not being replaced. */
  async whenReplaced(id: string): Promise<void> {
    for (let end = this.#underWay.get(id); end; end = this.#underWay.get(id)) await end;
  }

  /** Tries the versions again that waited for what they depend on, if that is there now. */
  retryBlocked(): void {
    for (const [id, fresh] of this.#blocked) {
      if (this.#deps.decide(fresh).kind === "blocked") continue;
      this.#blocked.delete(id);
      void this.replace([id]);
    }
  }

  /** Tries the version again that waited for credentials: one was stored. */
  retryLacking(id: string): void {
    if (this.#lacking.delete(id)) void this.replace([id]);
  }

  async #replaceOne(id: string): Promise<boolean> {
    const { instances, changes, wanted, create, isStopping } = this.#deps;
    const ticket = {};
    this.#latest.set(id, ticket);
    // It would only hold up what is newer.
    this.#comingUp.get(id)?.abandon();
    let fresh: PluginInstance | null = null;
    await changes.run(id, async () => {
      // Of those that waited, the latest speaks for all: what is wanted shows when its turn has come.
      if (isStopping() || this.#latest.get(id) !== ticket) return false;
      const registered = wanted(id);
      fresh = registered && create(registered);
      return this.#put(id, instances.get(id), fresh);
    });
    await changes.whenFree(id);
    return this.#latest.get(id) === ticket && instances.get(id) === (fresh ?? undefined);
  }

  #put(id: string, old: PluginInstance | undefined, fresh: PluginInstance | null): Promise<void> {
    this.#deps.forget(id);
    this.#blocked.delete(id);
    this.#lacking.delete(id);
    return fresh &&
      isEnabled(fresh) &&
      old?.state === "running" &&
      this.#deps.overlaps(fresh.registered)
      ? this.#takeOver(old, fresh)
      : this.#restart(id, old, fresh);
  }

  async #takeOver(old: PluginInstance, fresh: PluginInstance): Promise<void> {
    const { id } = old;
    const { time, instances, forget, onTakenOver, logger } = this.#deps;
    const begun = time.now();
    this.#comingUp.set(id, fresh);
    const reason = await this.#bringUp(fresh);
    this.#comingUp.delete(id);
    // What is newer will show how it stands.
    if (fresh.isAbandoned) return;
    if (reason !== null) {
      this.#errors.set(id, reason);
      logger.warn("The version before serves on", { plugin: id });
      return;
    }
    this.#errors.delete(id);
    instances.set(id, fresh);
    forget(id);
    onTakenOver(id);
    logger.info("Plugin was reloaded", { plugin: id, ms: time.now() - begun });
    this.#retiring.add(old);
    old
      .retire()
      .catch((error: unknown) => {
        logger.error("A plugin did not stop in order", { plugin: id, error: stackOf(error) });
      })
      .finally(() => this.#retiring.delete(old));
  }

  /** Gets a life going beside the one that counts; answers why it does not run, and lets go of it then. */
  async #bringUp(fresh: PluginInstance): Promise<string | null> {
    await fresh.load();
    if (fresh.state === "loaded") {
      let decision = this.#deps.decide(fresh);
      while (decision.kind === "wait") {
        const change = this.#deps.changes.next(fresh.id);
        if (change === null) break;
        await change;
        decision = this.#deps.decide(fresh);
      }
      if (decision.kind !== "start") {
        await fresh.stop();
        this.#blocked.set(fresh.id, fresh);
        return decision.kind === "blocked" ? decision.reason : "What it depends on does not start.";
      }
      await fresh.start();
    }
    if (fresh.state === "needs-credentials") {
      const names = fresh.missing.map(({ name }) => `"${name}"`).join(", ");
      await fresh.stop();
      this.#lacking.add(fresh.id);
      return `It needs credentials that nobody has stored: ${names}.`;
    }
    return fresh.state === "running" ? null : (fresh.error?.message ?? "It does not start.");
  }

  async #restart(
    id: string,
    old: PluginInstance | undefined,
    fresh: PluginInstance | null,
  ): Promise<void> {
    this.#errors.delete(id);
    const again = old?.state === "running" && fresh !== null && isEnabled(fresh);
    await old?.stop();
    if (again) {
      const { host } = fresh.registered.settings;
      this.#deps.logger.info("Plugin starts again with the code that its host has in memory", {
        plugin: id,
        host,
      });
    }
    if (fresh === null) this.#deps.instances.delete(id);
    else this.#deps.instances.set(id, fresh);
    if (fresh && isEnabled(fresh) && !this.#deps.isStopping()) await fresh.load();
  }
}

function isEnabled({ registered }: PluginInstance): boolean {
  return registered.settings.enabled;
}
