import type { CredentialSource } from "../types/auth.ts";
import type { HostKind, PluginHost } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { AppError, messageOf, stackOf } from "../errors.ts";
import { BackOff } from "./back-off.ts";
import {
  decideStart,
  planDependencies,
  type DependencyPlan,
  type Standing,
  type StartDecision,
} from "./plugin-dependencies.ts";
import { PluginInstance } from "./plugin-instance.ts";
import { toStatus, type InstanceStatus } from "./plugin-status.ts";
import { STEP_LIMITS, type StepLimits } from "./plugin-steps.ts";
import type { RegisteredInstance, Registry } from "./registry.ts";
import { buildCatalog, findResource, type Catalog } from "./tool-catalog.ts";

export interface PluginManagerDeps {
  readonly registry: Registry;
  /** The hosts that this runtime has. */
  readonly hosts: Readonly<Partial<Record<HostKind, PluginHost>>>;
  readonly credentials: CredentialSource;
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
  readonly limits?: Partial<StepLimits>;
}

export interface ManagerEvents {
  /** The catalog is another one now. */
  catalogChanged(catalog: Catalog): void;
  resourceUpdated(uri: string): void;
}

/**
 * Brings the instances to life, each when what it needs runs, keeps their catalog, and tries again with back-off what
 * failed. Instances come and go independently: one that hangs holds up only those that need it, and calls wait for
 * none of this.
 */
export class PluginManager {
  readonly #deps: PluginManagerDeps;
  readonly #instances: ReadonlyMap<string, PluginInstance>;
  readonly #backOff: BackOff;
  readonly #listeners = new Set<ManagerEvents>();
  /** The lifecycle change that each instance is at, if any: never two at once. */
  readonly #changes = new Map<string, Promise<void>>();
  #catalog: Catalog = buildCatalog([]);
  /** Until other code has been loaded. */
  #plans: ReadonlyMap<string, DependencyPlan> | null = null;
  #stopped: Promise<void> | null = null;
  #stopping = false;

  constructor(deps: PluginManagerDeps) {
    this.#deps = deps;
    this.#backOff = new BackOff(deps.time);
    this.#instances = new Map(
      deps.registry.instances.map((entry) => [entry.settings.id, this.#createInstance(entry)]),
    );
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** Answers the way to end the subscription. */
  subscribe(events: ManagerEvents): () => void {
    this.#listeners.add(events);
    return () => void this.#listeners.delete(events);
  }

  /** Starts every enabled instance, once. Resolves when each runs, has failed or is blocked. */
  async start(): Promise<void> {
    if (this.#stopping) return;
    for (const instance of this.#enabled()) {
      if (instance.state === "stopped") this.#change(instance, () => instance.load());
    }
    // Each until it settles for the first time: what comes back later does so on its own.
    let unsettled = this.#enabled();
    while (unsettled.length > 0 && this.#changes.size > 0) {
      await Promise.race(this.#changes.values());
      unsettled = unsettled.filter(({ id }) => this.#standingOf(id) === "settling");
    }
  }

  /** Stops everything, dependents first. The manager is of no use afterwards. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  statuses(): InstanceStatus[] {
    return [...this.#instances.values()].map((instance) =>
      toStatus(instance, this.#catalog, this.#backOff.failures(instance.id)),
    );
  }

  /** Takes a tool out of the catalog whose schema turned out not to compile. */
  quarantineTool(instanceId: string, ownName: string, reason: string): void {
    if (this.#instances.get(instanceId)?.quarantineTool(ownName, reason)) this.#publish();
  }

  #createInstance(registered: RegisteredInstance): PluginInstance {
    const { credentials, engine, sha256, time, hosts, limits } = this.#deps;
    const { id, host } = registered.settings;
    const logger = this.#deps.logger.with({ plugin: id });
    return new PluginInstance(registered, {
      engine,
      sha256,
      time,
      logger,
      // A stored setting may name a host that this runtime does not have.
      host: Object.hasOwn(hosts, host) ? (hosts[host] ?? null) : null,
      limits: { ...STEP_LIMITS, ...limits },
      services: {
        getCredential: (key) => credentials.get(id, key),
        setCredential: (key, value) => credentials.set(id, key, value),
        getAccessToken: async () => {
          throw notConnected(id);
        },
        isAuthenticated: async () => false,
        getTokenInfo: async () => null,
        requireReauth: async () => {
          throw notConnected(id);
        },
      },
      onCatalogChanged: () => this.#publish(),
      onResourceUpdated: (uri) => {
        // Of its own resources only: a plugin has no say about another's.
        if (findResource(this.#catalog, uri)?.run.instanceId !== id) return;
        this.#tell((listener) => listener.resourceUpdated(uri));
      },
    });
  }

  #enabled(): PluginInstance[] {
    return [...this.#instances.values()].filter(({ registered }) => registered.settings.enabled);
  }

  /** Runs one change of an instance's life, and after it whatever it makes possible. */
  #change(instance: PluginInstance, work: () => Promise<void>): void {
    const { id } = instance;
    const change = work()
      .catch((error: unknown) => {
        this.#deps.logger.error("A lifecycle change failed", {
          plugin: id,
          error: messageOf(error),
        });
      })
      .then(() => {
        this.#changes.delete(id);
        if (!this.#stopping) this.#follow(instance);
      });
    this.#changes.set(id, change);
  }

  #follow(instance: PluginInstance): void {
    const { id, state, error } = instance;
    if (state === "loaded") this.#plans = null;
    if (state === "running") {
      this.#backOff.succeeded(id);
      this.#publish();
    }
    if (state === "failed") {
      const retry = () => this.#change(instance, () => instance.load());
      this.#backOff.failed(id, error?.retry === true ? retry : null);
    }
    this.#startReady();
  }

  /** Starts every instance whose time has come, and says of the others why it has not. */
  #startReady(): void {
    const plans = this.#plan();
    const undecided = () =>
      this.#enabled().filter(
        ({ id, state }) => (state === "loaded" || state === "blocked") && !this.#changes.has(id),
      );
    // One that becomes blocked may decide the fate of those that need it: look again.
    for (let again = true; again;) {
      again = false;
      for (const instance of undecided()) {
        const decision = this.#decide(instance, plans.get(instance.id)!);
        if (decision.kind === "start") this.#change(instance, () => instance.start());
        if (decision.kind !== "blocked") continue;
        again ||= instance.state !== "blocked";
        instance.block(decision.reason);
      }
    }
  }

  #decide(instance: PluginInstance, plan: DependencyPlan): StartDecision {
    const decision = decideStart(plan, (id) => this.#standingOf(id));
    // What a plugin is called shows only when it has been loaded: what is missing may be on its way.
    const comes = this.#enabled().some(({ id, info }) => info === null && this.#changes.has(id));
    return decision.kind === "blocked" && comes ? { kind: "wait" } : decision;
  }

  #standingOf(id: string): Standing {
    const state = this.#instances.get(id)?.state;
    if (this.#changes.has(id) || state === "loaded") return "settling";
    return state === "running" ? "running" : "down";
  }

  #plan(): ReadonlyMap<string, DependencyPlan> {
    const known = this.#enabled().flatMap(({ id, info }) => (info ? [[id, info] as const] : []));
    this.#plans ??= planDependencies(new Map(known));
    return this.#plans;
  }

  async #stopAll(): Promise<void> {
    this.#backOff.cancel();
    const dependents = this.#dependents();
    const stops = new Map<string, Promise<void>>();
    const stopOne = (instance: PluginInstance): Promise<void> => {
      const { id } = instance;
      const stop =
        stops.get(id) ?? this.#stopOne(instance, (dependents.get(id) ?? []).map(stopOne));
      stops.set(id, stop);
      return stop;
    };
    // The catalog stays: clients that look now learn of the end of the server, not of every list.
    const ends = await Promise.allSettled([...this.#instances.values()].map(stopOne));
    for (const end of ends) {
      if (end.status === "rejected") {
        this.#deps.logger.error("A plugin did not stop in order", { error: stackOf(end.reason) });
      }
    }
  }

  async #stopOne(instance: PluginInstance, dependents: readonly Promise<void>[]): Promise<void> {
    await Promise.allSettled(dependents);
    await this.#changes.get(instance.id);
    await instance.stop();
  }

  #dependents(): Map<string, PluginInstance[]> {
    const dependents = new Map<string, PluginInstance[]>();
    for (const [id, plan] of this.#plan()) {
      if (plan.kind !== "ready") continue;
      const instance = this.#instances.get(id)!;
      for (const need of plan.needs.flatMap(({ instances }) => instances)) {
        dependents.set(need, [...(dependents.get(need) ?? []), instance]);
      }
    }
    return dependents;
  }

  #publish(): void {
    if (this.#stopping) return;
    const offers = [...this.#instances.values()].flatMap(({ catalog }) => catalog ?? []);
    const catalog = buildCatalog(offers);
    this.#catalog = catalog;
    this.#tell((listener) => listener.catalogChanged(catalog));
  }

  /** A listener's fault is its own: it reaches neither the plugin nor the other listeners. */
  #tell(event: (listener: ManagerEvents) => void): void {
    for (const listener of this.#listeners) {
      try {
        event(listener);
      } catch (error) {
        this.#deps.logger.error("A listener failed", { error: messageOf(error) });
      }
    }
  }
}

function notConnected(instanceId: string): AppError {
  return new AppError("NOT_CONNECTED", `No account is connected to "${instanceId}".`);
}
