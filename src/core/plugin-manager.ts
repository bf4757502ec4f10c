import type { HostKind, PluginHost } from "../types/host.ts";
import type { ToolSetting } from "../types/instances.ts";
import type { Logger } from "../types/logger.ts";
import type { Outbound } from "../types/outbound.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import type { Vault } from "../types/vault.ts";
import { stackOf } from "../errors.ts";
import { BackOff } from "./back-off.ts";
import { CredentialChanges } from "./credential-changes.ts";
import { inOrder } from "./in-order.ts";
import { LifecycleChanges } from "./lifecycle-changes.ts";
import { dependentsIn } from "./plugin-dependencies.ts";
import { readAuthConfig, type AuthConfig } from "./auth-config.ts";
import { OWNER_LIMITS, type OwnerLimits } from "./owner-objects.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import { PluginInstance } from "./plugin-instance.ts";
import { PluginReloads } from "./plugin-reloads.ts";
import { PublishedCatalog, type ManagerEvents } from "./published-catalog.ts";
import { toStatus, type InstanceStatus, type InstanceView } from "./plugin-status.ts";
import { STEP_LIMITS, type StepLimits } from "./plugin-steps.ts";
import type { OAuthInstance } from "./auth/oauth-specs.ts";
import type { PluginAccounts } from "./auth/plugin-accounts.ts";
import { createScrubber } from "./scrubber.ts";
import { StartOrder } from "./start-order.ts";
import { findChanges, type RegisteredInstance, type Registry } from "./registry.ts";
import { findResource, type Catalog } from "./tool-catalog.ts";
import { ToolOverrides } from "./tool-overrides.ts";

export interface PluginManagerDeps {
  readonly registry: Registry;
  /** The hosts that this runtime has. */
  readonly hosts: Readonly<Partial<Record<HostKind, PluginHost>>>;
  readonly vault: Vault;
  readonly accounts: PluginAccounts;
  readonly outbound: Outbound;
  /** For all that the server says; it learns what settings mark as secret. */
  readonly scrubber: Scrubber;
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
  readonly limits?: Partial<StepLimits>;
  readonly ownerLimits?: Partial<OwnerLimits>;
}

/**
 * Brings the instances to life, each when what it needs runs, keeps their catalog, tries again with back-off what
 * failed, and replaces what has changed. Instances come and go independently: one that hangs holds up only those that
 * need it, and calls wait for none of this.
 */
export class PluginManager {
  readonly #deps: PluginManagerDeps;
  #registry: Registry;
  /** The one life of each instance that counts. */
  readonly #instances = new Map<string, PluginInstance>();
  readonly #backOff: BackOff;
  readonly #published: PublishedCatalog;
  readonly #overrides = new ToolOverrides();
  readonly #changes: LifecycleChanges;
  readonly #order: StartOrder;
  readonly #reloads: PluginReloads;
  readonly #credentials: CredentialChanges;
  #stopped: Promise<void> | null = null;
  #stopping = false;
  readonly #unwatchVault: () => void;

  constructor(deps: PluginManagerDeps) {
    this.#deps = deps;
    this.#registry = deps.registry;
    const { time, logger } = deps;
    this.#backOff = new BackOff(time);
    this.#published = new PublishedCatalog(logger);
    this.#changes = new LifecycleChanges(logger, (id, changed) => {
      if (this.#stopping) return;
      if (changed) this.#follow(id);
      this.#startReady();
      this.#reloads.retryBlocked();
    });
    this.#order = new StartOrder(this.#instances, this.#changes);
    this.#reloads = new PluginReloads({
      instances: this.#instances,
      changes: this.#changes,
      wanted: (id) => this.#registry.instances.find(({ settings }) => settings.id === id) ?? null,
      create: (registered) => this.#createInstance(registered),
      overlaps: ({ settings }) => this.#hostOf(settings.host)?.overlaps === true,
      plans: () => this.#order.plans(),
      decide: (successor) => this.#order.decideSuccessor(successor),
      forget: (id) => {
        this.#backOff.forget(id);
        this.#order.forgetPlans();
      },
      onTakenOver: (id) => this.#published.reloaded(id),
      isStopping: () => this.#stopping,
      time,
      logger,
    });
    this.#credentials = new CredentialChanges({
      instances: this.#instances,
      changes: this.#changes,
      retryLacking: (id) => this.#reloads.retryLacking(id),
      isStopping: () => this.#stopping,
      time,
    });
    this.#unwatchVault = deps.vault.onChange((change) => this.#credentials.take(change));
    for (const entry of deps.registry.instances) {
      this.#instances.set(entry.settings.id, this.#createInstance(entry));
    }
  }

  get catalog(): Catalog {
    return this.#published.current;
  }
  get registry(): Registry {
    return this.#registry;
  }

  /** Answers the way to end the subscription. */
  subscribe(events: ManagerEvents): () => void {
    return this.#published.subscribe(events);
  }

  /** Starts every enabled instance, once. Resolves when each runs, has failed or is blocked. */
  async start(): Promise<void> {
    if (this.#stopping) return;
    for (const instance of this.#order.enabled()) {
      if (instance.state === "stopped") void this.#changes.run(instance.id, () => instance.load());
    }
    // Each until it settles for the first time: what comes back later does so on its own.
    let unsettled = this.#order.enabled();
    while (unsettled.length > 0 && this.#changes.next() !== null) {
      await this.#changes.next();
      unsettled = unsettled.filter(({ id }) => this.#order.standingOf(id) === "settling");
    }
  }

  /**
   * Loads an instance's code again, and after it those that depend on it. Where its host can run two lives at once, the
   * new one is ready before it takes over, and calls in flight finish on the old one; a new one that does not load or does
   * not start leaves the old one serving, with the reason in its status.
   */
  async reload(instanceId: string): Promise<void> {
    if (this.#instances.has(instanceId)) await this.#reloads.replace([instanceId]);
  }

  /**
   * Takes over what is installed and wanted now: starts what is new, stops what is gone, replaces what has changed as
   * `reload` does. Resolves when all of it has been tried.
   */
  async update(registry: Registry): Promise<void> {
    const changes = findChanges(this.#registry, registry);
    this.#registry = registry;
    await this.#reloads.replace(changes);
  }

  /** Resolves when all has been tried that `update` and `reload` have begun on an instance. */
  whenSettled(instanceId: string): Promise<void> {
    return this.#reloads.whenReplaced(instanceId);
  }

  /** Stops everything, dependents first. The manager is of no use afterwards. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  statuses(): InstanceStatus[] {
    return [...this.#instances.values()].map((instance) => this.#statusOf(instance));
  }

  /** `null` when there is none of that id. */
  find(instanceId: string): InstanceView | null {
    const instance = this.#instances.get(instanceId);
    return instance === undefined
      ? null
      : {
          status: this.#statusOf(instance),
          registered: instance.registered,
          info: instance.info,
          offer: instance.catalog,
          dependents: dependentsIn(this.#order.plans()).get(instanceId) ?? [],
        };
  }

  /** Takes over what is set of tools now, and tells clients if that changes their lists. */
  overrideTools(settings: readonly ToolSetting[]): void {
    this.#overrides.replace(settings);
    this.#publish();
  }

  /** Whose accounts an instance connects to; `null` when there is none of that id, or to none. */
  oauthOf(instanceId: string): OAuthInstance | null {
    return this.#instances.get(instanceId)?.oauth ?? null;
  }

  /** How an instance authenticates, as far as its code or its manifest has said; `null` when it does not say. */
  authOf(instanceId: string): AuthConfig | null {
    const instance = this.#instances.get(instanceId);
    if (instance?.info) return instance.auth;
    const manifest = readAuthConfig(instance?.registered.package?.manifest?.auth, null);
    return manifest.ok ? manifest.value : null;
  }

  /** Takes a tool out of the catalog whose schema turned out not to compile. */
  quarantineTool(instanceId: string, ownName: string, reason: string): void {
    if (this.#instances.get(instanceId)?.quarantineTool(ownName, reason)) this.#publish();
  }

  #createInstance(registered: RegisteredInstance): PluginInstance {
    const { vault, accounts, outbound, engine, sha256, time, limits, ownerLimits } = this.#deps;
    const { scrubber } = this.#deps;
    const { id, host } = registered.settings;
    const [instances, published] = [this.#instances, this.#published];
    const instance: PluginInstance = new PluginInstance(registered, {
      engine,
      sha256,
      time,
      logger: this.#deps.logger.with({ plugin: id }),
      host: this.#hostOf(host),
      limits: { ...STEP_LIMITS, ...limits },
      vault,
      accounts,
      outbound,
      createScrubber: () => createScrubber(),
      scrubber,
      owner: null,
      ownerLimits: { ...OWNER_LIMITS[host], ...ownerLimits },
      onCatalogChanged: () => this.#publish(),
      onResourceUpdated: (uri) => {
        // Of its own resources only: a plugin has no say about another's.
        if (findResource(this.catalog, uri)?.run.instanceId !== id) return;
        this.#published.tell((listener) => listener.resourceUpdated(uri));
      },
      onMoved(before, state) {
        // What comes up to take over, or goes after that, does not count.
        if (instances.get(id) === instance) published.moved(instance, before, state);
      },
      onEnded: (plugin, reason) =>
        void this.#changes.run(id, async () => {
          const counts = !this.#stopping && this.#instances.get(id) === instance;
          return counts && instance.fail(plugin, reason);
        }),
      onHeldCall: () => this.#credentials.takeHeldCall(id),
    });
    return instance;
  }

  /** A stored setting may name a host that this runtime does not have. */
  #hostOf(kind: HostKind): PluginHost | null {
    return Object.hasOwn(this.#deps.hosts, kind) ? (this.#deps.hosts[kind] ?? null) : null;
  }

  /** What a change of an instance's life makes necessary, or possible. */
  #follow(id: string): void {
    const instance = this.#instances.get(id);
    const state = instance?.state;
    if (state === "loaded") this.#order.forgetPlans();
    if (state === "running") this.#backOff.runs(id);
    let comesBack = false;
    if (instance !== undefined && state === "failed") {
      const mayRetry = instance.error?.retry === true;
      const retry = () => void this.#changes.run(id, () => instance.load());
      this.#backOff.failed(id, mayRetry ? retry : null);
      // What ended once and comes back in a second keeps its place in the clients' lists.
      comesBack = mayRetry && this.#backOff.failures(id) < 2;
    }
    if (state !== "loaded" && !comesBack) this.#publish();
  }

  /** Starts every instance whose time has come, and says of the others why it has not. */
  #startReady(): void {
    // One that becomes blocked may decide the fate of those that need it: look again.
    for (let again = true; again;) {
      again = false;
      for (const instance of this.#order.undecided()) {
        const decision = this.#order.decide(instance);
        if (decision.kind === "start") {
          void this.#changes.run(instance.id, () => instance.start());
        }
        if (decision.kind !== "blocked") continue;
        again ||= instance.state !== "blocked";
        instance.block(decision.reason);
      }
      if (again) this.#publish();
    }
  }

  async #stopAll(): Promise<void> {
    this.#unwatchVault();
    this.#backOff.cancel();
    const dependents = dependentsIn(this.#order.plans());
    // The catalog stays: clients that look now learn of the end of the server, not of every list.
    const [ends, retired] = await Promise.all([
      inOrder(
        this.#instances.keys(),
        (id) => dependents.get(id) ?? [],
        async (id) => {
          await this.#changes.whenFree(id);
          await this.#instances.get(id)?.stop();
        },
      ),
      this.#reloads.stop(),
    ]);
    for (const end of [...ends, ...retired]) {
      if (end.status === "rejected") {
        this.#deps.logger.error("A plugin did not stop in order", { error: stackOf(end.reason) });
      }
    }
  }

  #statusOf(instance: PluginInstance): InstanceStatus {
    return toStatus(instance, {
      published: this.catalog,
      offered: this.#offered(instance),
      failures: this.#backOff.failures(instance.id),
      reloadError: this.#reloads.errorOf(instance.id),
    });
  }

  /** What an instance offers clients; a locked one as it is. */
  #offered({ catalog, registered }: PluginInstance): PreparedCatalog | null {
    if (catalog === null || registered.settings.locked) return catalog;
    return this.#overrides.apply(catalog);
  }

  #publish(): void {
    if (this.#stopping) return;
    const instances = [...this.#instances.values()];
    this.#published.publish(instances.flatMap((instance) => this.#offered(instance) ?? []));
  }
}
