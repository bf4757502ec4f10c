import type { CredentialSource } from "../types/auth.ts";
import type { HostKind, PluginHost } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { AppError } from "../errors.ts";
import type { Quarantined } from "./plugin-catalog.ts";
import { planDependencies, type DependencyPlan } from "./plugin-dependencies.ts";
import { PluginInstance, STEP_LIMITS, type StepLimits } from "./plugin-instance.ts";
import type { PluginState } from "./plugin-state.ts";
import type { RegisteredInstance, Registry } from "./registry.ts";
import { buildCatalog, type Catalog } from "./tool-catalog.ts";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

export interface PluginManagerDeps {
  readonly registry: Registry;
  readonly hosts: Readonly<Record<HostKind, PluginHost>>;
  readonly credentials: CredentialSource;
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
  readonly limits?: Partial<StepLimits>;
}

/** What the manager tells about one instance. */
export interface InstanceStatus {
  readonly id: string;
  readonly package: string;
  readonly enabled: boolean;
  readonly host: HostKind;
  readonly locked: boolean;
  readonly state: PluginState;
  readonly error: string | null;
  readonly name: string | null;
  readonly version: string | null;
  readonly description: string | null;
  readonly dependencies: readonly string[];
  /** Failed starts since it last ran; the next try waits twice as long each time. */
  readonly failures: number;
  /** Public tool names. */
  readonly tools: readonly string[];
  readonly quarantined: readonly Quarantined[];
}

export interface ManagerEvents {
  /** The catalog is another one now. */
  catalogChanged(catalog: Catalog): void;
  resourceUpdated(uri: string): void;
}

/**
 * Brings the instances to life in dependency order, keeps their catalog, and tries again with back-off what failed.
 * Lifecycle changes run one after the other; calls never wait for them.
 */
export class PluginManager {
  readonly #deps: PluginManagerDeps;
  readonly #instances: ReadonlyMap<string, PluginInstance>;
  readonly #failures = new Map<string, number>();
  readonly #retries = new Map<string, () => void>();
  readonly #changed = new Set<PluginInstance>();
  readonly #listeners = new Set<ManagerEvents>();
  #queue: Promise<unknown> = Promise.resolve();
  #catalog: Catalog = buildCatalog([]);
  #stopping = false;

  constructor(deps: PluginManagerDeps) {
    this.#deps = deps;
    this.#instances = new Map(
      deps.registry.instances.map((entry) => [entry.settings.id, this.#createInstance(entry)]),
    );
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  subscribe(events: ManagerEvents): () => void {
    this.#listeners.add(events);
    return () => this.#listeners.delete(events);
  }

  /** Starts every enabled instance. Resolves when each runs, has failed or is blocked. */
  start(): Promise<void> {
    return this.#exclusive(async () => {
      const enabled = this.#enabled();
      await Promise.all(enabled.map((instance) => instance.load()));
      await this.#startLoaded();
    });
  }

  /** Stops everything, dependents first. The manager is of no use afterwards. */
  stop(): Promise<void> {
    this.#stopping = true;
    for (const cancel of this.#retries.values()) cancel();
    return this.#exclusive(async () => {
      const dependents = this.#dependents();
      const stops = new Map<string, Promise<void>>();
      const stopOne = (id: string): Promise<void> => {
        let stop = stops.get(id);
        if (stop === undefined) {
          stop = Promise.all((dependents.get(id) ?? []).map(stopOne)).then(() =>
            this.#instances.get(id)?.stop(),
          );
          stops.set(id, stop);
        }
        return stop;
      };
      await Promise.all([...this.#instances.keys()].map(stopOne));
    });
  }

  statuses(): InstanceStatus[] {
    return [...this.#instances.values()].map((instance) => this.#statusOf(instance));
  }

  /** Takes a tool out of the catalog whose schema turned out not to compile. */
  quarantineTool(instanceId: string, ownName: string, reason: string): void {
    this.#instances.get(instanceId)?.quarantineTool(ownName, reason);
    this.#publish();
  }

  #createInstance(registered: RegisteredInstance): PluginInstance {
    const { credentials, engine, sha256, time, hosts, limits } = this.#deps;
    const { id, host } = registered.settings;
    const instance: PluginInstance = new PluginInstance(registered, {
      engine,
      sha256,
      time,
      host: hosts[host],
      limits: { ...STEP_LIMITS, ...limits },
      logger: this.#deps.logger.with({ plugin: id }),
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
      onCatalogChanged: () => this.#refresh(instance),
      onResourceUpdated: (uri) => {
        for (const listener of this.#listeners) listener.resourceUpdated(uri);
      },
    });
    return instance;
  }

  #enabled(): PluginInstance[] {
    return [...this.#instances.values()].filter(({ registered }) => registered.settings.enabled);
  }

  #plan(): Map<string, DependencyPlan> {
    const known = this.#enabled().flatMap(({ id, info }) => (info ? [[id, info] as const] : []));
    return planDependencies(new Map(known));
  }

  /** Starts what is loaded or was blocked, each after what it needs. */
  async #startLoaded(): Promise<void> {
    const plans = this.#plan();
    const starts = new Map<string, Promise<boolean>>();
    const startOne = (id: string): Promise<boolean> => {
      let start = starts.get(id);
      if (start === undefined) {
        start = this.#startOne(id, plans.get(id), startOne);
        starts.set(id, start);
      }
      return start;
    };
    await Promise.all(this.#enabled().map(({ id }) => startOne(id)));
    for (const instance of this.#enabled()) this.#scheduleRetry(instance);
    this.#publish();
  }

  async #startOne(
    id: string,
    plan: DependencyPlan | undefined,
    startOther: (id: string) => Promise<boolean>,
  ): Promise<boolean> {
    const instance = this.#instances.get(id);
    if (instance === undefined || plan === undefined) return false;
    if (instance.state !== "loaded" && instance.state !== "blocked") {
      return instance.state === "running";
    }
    const obstacle = await findObstacle(plan, startOther);
    if (obstacle !== null) {
      if (instance.state !== "blocked") instance.block(obstacle);
      return false;
    }
    await instance.start();
    return instance.run !== null;
  }

  #scheduleRetry(instance: PluginInstance): void {
    const { id } = instance;
    if (instance.state === "running") this.#failures.delete(id);
    if (this.#stopping || instance.state !== "failed" || this.#retries.has(id)) return;
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    if (!instance.error?.retry) return;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
    const cancel = this.#deps.time.after(delay, () => {
      this.#retries.delete(id);
      void this.#exclusive(async () => {
        if (this.#stopping) return;
        await instance.load();
        await this.#startLoaded();
      });
    });
    this.#retries.set(id, cancel);
  }

  /** Many notices in a row are answered by one reading of the lists. */
  #refresh(instance: PluginInstance): void {
    if (this.#changed.has(instance)) return;
    this.#changed.add(instance);
    void this.#exclusive(async () => {
      this.#changed.delete(instance);
      await instance.refreshCatalog();
      this.#publish();
    });
  }

  #publish(): void {
    const offers = [...this.#instances.values()].flatMap(({ catalog }) => catalog ?? []);
    this.#catalog = buildCatalog(offers);
    for (const listener of this.#listeners) listener.catalogChanged(this.#catalog);
  }

  #dependents(): Map<string, string[]> {
    const dependents = new Map<string, string[]>();
    for (const [id, plan] of this.#plan()) {
      if (plan.kind !== "ready") continue;
      for (const need of plan.needs.flatMap(({ instances }) => instances)) {
        dependents.set(need, [...(dependents.get(need) ?? []), id]);
      }
    }
    return dependents;
  }

  #statusOf(instance: PluginInstance): InstanceStatus {
    const { settings, package: code } = instance.registered;
    const { id, info, catalog } = instance;
    const conflicts = this.#catalog.conflicts.get(id) ?? [];
    return {
      id,
      package: settings.package,
      enabled: settings.enabled,
      host: settings.host,
      locked: settings.locked,
      state: instance.state,
      error: instance.error?.message ?? (code === null ? instance.registered.error : null),
      name: info?.name ?? null,
      version: info?.version ?? null,
      description: info?.description ?? null,
      dependencies: info?.dependencies ?? [],
      failures: this.#failures.get(id) ?? 0,
      tools: (catalog?.tools ?? [])
        .map(({ name }) => name)
        .filter((name) => this.#catalog.tools.get(name)?.run.instanceId === id),
      quarantined: [...(catalog?.quarantined ?? []), ...conflicts],
    };
  }

  #exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch((error: unknown) => {
      this.#deps.logger.error("A lifecycle change failed", { error: String(error) });
    });
    return done;
  }
}

/** What keeps a plugin from starting, or `null`. Starts what it needs on the way. */
async function findObstacle(
  plan: DependencyPlan,
  startOther: (id: string) => Promise<boolean>,
): Promise<string | null> {
  if (plan.kind !== "ready") return plan.reason;
  const waiting: string[] = [];
  for (const { dependency, instances } of plan.needs) {
    const running = await Promise.all(instances.map(startOther));
    if (!running.includes(true)) waiting.push(`"${dependency}" (${instances.join(", ")})`);
  }
  return waiting.length === 0 ? null : `Waits for dependencies: ${waiting.join(", ")}.`;
}

function notConnected(instanceId: string): AppError {
  return new AppError("NOT_CONNECTED", `No account is connected to "${instanceId}".`);
}
