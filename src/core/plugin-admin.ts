import { AppError, InvalidInput } from "../errors.ts";
import type { HostKind } from "../types/host.ts";
import type {
  InstanceChanges,
  InstanceEntry,
  InstanceSettings,
  InstanceStore,
  PluginDiscovery,
  PluginPackage,
  StoredInstance,
} from "../types/instances.ts";
import type { JsonSchema } from "../types/json.ts";
import type { OAuthClientSettings } from "../types/oauth.ts";
import type { Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import type { VaultActor } from "../types/vault.ts";
import { waitAtMost } from "../util/deadline.ts";
import { NOTHING_STORED } from "../util/nothing-stored.ts";
import { keepSettings } from "./hidden-settings.ts";
import type { DeleteSecrets } from "./instance-secrets.ts";
import { decideSettings } from "./instance-settings.ts";
import type { PluginManager } from "./plugin-manager.ts";
import type { InstanceView } from "./plugin-status.ts";
import type { RegistryUpdates } from "./registry-updates.ts";
import { checkSettings } from "./settings-check.ts";
import type { ToolAdmin } from "./tool-admin.ts";

/** How long a change waits for the plugins that it starts and stops, in milliseconds. They go on after that. */
const PATIENCE_MS = 10_000;

export interface PluginAdminDeps {
  readonly manager: Pick<PluginManager, "find" | "registry" | "reload" | "whenSettled">;
  readonly updates: Pick<RegistryUpdates, "entries" | "apply">;
  readonly instances: InstanceStore;
  readonly tools: Pick<ToolAdmin, "forget">;
  readonly discovery: PluginDiscovery;
  /** Those that this runtime has. */
  readonly hosts: readonly HostKind[];
  readonly deleteSecrets: DeleteSecrets;
  /** Whether the vault or the connections have anything of an instance. */
  readonly holdsSecrets: (instanceId: string) => Promise<boolean>;
  readonly engine: SchemaEngine;
  readonly time: Time;
}

export interface NewInstance {
  readonly id: string;
  readonly package: string;
  readonly config?: InstanceSettings["config"] | undefined;
  readonly toolPrefix?: string | undefined;
  readonly host?: HostKind | undefined;
  readonly oauth?: OAuthClientSettings | undefined;
  readonly enabled?: boolean | undefined;
}

/** What is left out stays; `null` goes back to what the plugins file says, or to the default. */
export interface SettingChanges {
  readonly config?: InstanceSettings["config"] | null | undefined;
  /** JSON Pointers into `config` where the present value stays. */
  readonly keep?: readonly string[] | undefined;
  readonly toolPrefix?: string | null | undefined;
  readonly host?: HostKind | null | undefined;
  readonly oauth?: OAuthClientSettings | null | undefined;
}

/** Revisions of which an instance must have one; `null` for any. */
export type Expected = readonly number[] | null;

interface Found {
  readonly entry: InstanceEntry | undefined;
  readonly stored: StoredInstance | undefined;
  /** `null` where there is none, or none any more. */
  readonly settings: InstanceSettings | null;
}

/**
 * Changes which instances there are and how they are set. Every change is stored first, from the very revision that it was
 * decided on, and then taken over by what runs.
 *
 * All methods throw AppError `NOT_FOUND` for an instance that is not there; those with `expected`, and those that store
 * anything: `INSTANCE_LOCKED` where it is the plugins file's alone, `PRECONDITION_FAILED` when it has another revision than
 * expected, `CONFLICT` when somebody else changed it at the same time.
 */
export class PluginAdmin {
  readonly #deps: PluginAdminDeps;

  constructor(deps: PluginAdminDeps) {
    this.#deps = deps;
  }

  /**
   * @param mayAdopt whether it may have what an earlier instance of its id has left in the vault: its package may be another
   * @throws AppError `BODY_INVALID` naming the member that cannot be, `CONFLICT` when there is an instance of that id, or
   * something left that it may not have
   */
  async create({ id, package: ref, ...wanted }: NewInstance, mayAdopt: boolean): Promise<void> {
    const { entry, stored, settings } = await this.#read(id);
    if (settings !== null) throw new AppError("CONFLICT", "There is a plugin of that id already.");
    if (!mayAdopt && (await this.#deps.holdsSecrets(id))) throw new AppError("CONFLICT", LEFT);
    const code = await this.#findPackage(ref);
    if (code === null) {
      const isFolder = (await this.#findPackage(`./${ref}`)) !== null;
      const hint = isFolder ? "; with ./ before it, it is a folder" : "";
      throw invalid(
        "/package",
        `is no folder in the plugins folder, and no plugin from npm${hint}`,
      );
    }
    const { config = {}, enabled = true } = wanted;
    this.#assertHost(wanted.host);
    this.#assertConfig(config, [code.manifest?.config]);
    // Nothing of an entry of the file that was removed shines through.
    const rest =
      entry === undefined ? NOTHING_STORED : { toolPrefix: id, host: DEFAULT_HOST, oauth: {} };
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    const all = { ...rest, ...Object.fromEntries(given), package: ref, enabled, config };
    await this.#store(id, stored, null, { ...all, removed: false });
  }

  async setEnabled(id: string, enabled: boolean, expected: Expected = null): Promise<void> {
    const { stored, settings } = await this.#find(id, expected);
    if (settings.enabled !== enabled) await this.#store(id, stored, expected, { enabled });
  }

  /** @throws AppError `BODY_INVALID` for settings that the plugin's schema refuses, which it names without quoting them */
  async setConfig(id: string, changes: SettingChanges, expected: Expected = null): Promise<void> {
    const { keep = [], ...wanted } = changes;
    const { stored, settings } = await this.#find(id, expected);
    this.#assertHost(wanted.host);
    const { config } = wanted;
    const kept = config && this.#withKept(config, settings.config, keep);
    if (kept) this.#assertConfig(kept, this.#schemasOf(id));
    const known = Object.entries(wanted).filter(([, value]) => value !== undefined);
    const all: InstanceChanges = { ...Object.fromEntries(known), ...(kept && { config: kept }) };
    await this.#store(id, stored, expected, all);
  }

  /**
   * Ends an instance. What the plugins file says of it stays there and counts no more.
   *
   * @param secrets by whom its credentials and connections are deleted, too; `null` to let them be
   */
  async remove(id: string, secrets: VaultActor | null, expected: Expected = null): Promise<void> {
    const { instances, tools, deleteSecrets } = this.#deps;
    const { stored } = await this.#find(id, expected, secrets !== null);
    // Marked first, so that whoever comes too late deletes nothing.
    const mark = { ...NOTHING_STORED, removed: true };
    if (!(await instances.put(id, mark, stored?.rev ?? null))) throw overtaken(expected);
    try {
      // While it is known by which client its connections were made.
      if (secrets !== null) await deleteSecrets(id, secrets);
    } catch (error) {
      await this.#unmark(id, stored);
      throw error;
    }
    await tools.forget(id);
    await this.#takeOver(id);
    // It may have stored something at its end.
    if (secrets !== null) await deleteSecrets(id, secrets);
    await this.#dropMark(id);
  }

  /** Loads its code again. @throws AppError `PLUGIN_STATE` while it is disabled */
  async reload(id: string): Promise<void> {
    const view = this.#deps.manager.find(id);
    if (view === null) throw notFound(id);
    if (!view.status.enabled) {
      throw new AppError("PLUGIN_STATE", `The plugin "${id}" is disabled.`);
    }
    await this.#patiently(this.#deps.manager.reload(id));
  }

  async #read(id: string): Promise<Found> {
    const { updates, instances } = this.#deps;
    const entry = Object.hasOwn(updates.entries, id) ? updates.entries[id] : undefined;
    const stored = (await instances.list()).find((row) => row.id === id);
    return { entry, stored, settings: decideSettings(id, entry, stored) };
  }

  async #find(id: string, expected: Expected): Promise<Found & { settings: InstanceSettings }>;
  /** @param isRemovedToo whether one that was marked as removed is found as well */
  async #find(id: string, expected: Expected, isRemovedToo: boolean): Promise<Found>;
  async #find(id: string, expected: Expected, isRemovedToo = false): Promise<Found> {
    const found = await this.#read(id);
    const { stored, settings } = found;
    if (settings === null && !(isRemovedToo && stored?.removed === true)) throw notFound(id);
    if (expected !== null && !expected.includes(stored?.rev ?? 0)) throw overtaken(expected);
    if (settings?.locked === true) {
      throw new AppError("INSTANCE_LOCKED", `The plugin "${id}" is locked in the plugins file.`);
    }
    return found;
  }

  async #unmark(id: string, before: StoredInstance | undefined): Promise<void> {
    const { stored } = await this.#read(id);
    if (stored?.removed !== true) return;
    const { instances } = this.#deps;
    if (before === undefined) return void (await instances.remove(id, stored.rev));
    const { id: _, rev: __, ...fields } = before;
    await instances.put(id, fields, stored.rev);
  }

  /** One that the plugins file does not have needs no mark when it has ended. */
  async #dropMark(id: string): Promise<void> {
    const { entry, stored } = await this.#read(id);
    if (entry !== undefined || stored?.removed !== true) return;
    await this.#deps.instances.remove(id, stored.rev);
  }

  async #store(
    id: string,
    stored: StoredInstance | undefined,
    expected: Expected,
    changes: InstanceChanges,
  ): Promise<void> {
    const isStored = await this.#deps.instances.put(id, changes, stored?.rev ?? null);
    if (!isStored) throw overtaken(expected);
    await this.#takeOver(id);
  }

  async #takeOver(id: string): Promise<void> {
    const { settled } = await this.#deps.updates.apply();
    // Others may have begun it, and others may take longer.
    const own = this.#deps.manager.whenSettled(id);
    await this.#patiently(Promise.race([own, settled.then(() => own)]));
  }

  #patiently(work: Promise<void>): Promise<void> {
    return waitAtMost(work, PATIENCE_MS, this.#deps.time);
  }

  /** One that is listed, or an installed npm package that says of itself that it is a plugin. */
  async #findPackage(ref: string): Promise<PluginPackage | null> {
    const { registry } = this.#deps.manager;
    const used = registry.instances.flatMap((instance) => instance.package ?? []);
    const known = [...registry.available, ...used].find((each) => each.ref === ref);
    if (known !== undefined) return known;
    const { packages } = await this.#deps.discovery.discover([ref]);
    const found = packages.find((each) => each.ref === ref) ?? null;
    // What is in the plugins folder is a plugin; what npm has installed, only if it says so.
    return found?.manifest === null && !ref.startsWith("./") ? null : found;
  }

  #assertHost(host: HostKind | null | undefined): void {
    if (host === null || host === undefined || this.#deps.hosts.includes(host)) return;
    throw invalid("/host", "this server cannot run plugins there");
  }

  #schemasOf(id: string): (JsonSchema | null | undefined)[] {
    const view = this.#deps.manager.find(id);
    return view === null ? [] : schemasOf(view);
  }

  #assertConfig(
    config: InstanceSettings["config"],
    schemas: readonly (JsonSchema | null | undefined)[],
  ): void {
    const checked = checkSettings(config, schemas, this.#deps.engine);
    if (checked.ok) return;
    const { pointer, rule } = checked.reason;
    throw invalid(`/config${pointer}`, rule);
  }

  #withKept(
    config: InstanceSettings["config"],
    present: InstanceSettings["config"],
    keep: readonly string[],
  ): InstanceSettings["config"] {
    const kept = keepSettings(config, present, keep);
    if (!kept.ok) throw new InvalidInput("BODY_INVALID", [kept.reason]);
    return kept.value;
  }
}

/** The schemas of an instance's settings, as far as its manifest or its code has said. */
export function schemasOf({ registered, info }: Pick<InstanceView, "registered" | "info">) {
  return [registered.package?.manifest?.config, info?.configSchema];
}

const LEFT =
  "There are credentials or connections of an earlier plugin of that id. Delete them, choose another id, or send a token that may write both.";
const DEFAULT_HOST: HostKind = "in-process";

function invalid(pointer: string, detail: string): InvalidInput {
  return new InvalidInput("BODY_INVALID", [{ pointer, detail }]);
}

function notFound(id: string): AppError {
  return new AppError("NOT_FOUND", `There is no plugin "${id}".`);
}

/** What was read is not what is there any more. */
function overtaken(expected: Expected): AppError {
  return expected === null
    ? new AppError("CONFLICT", "Something else has changed the plugin meanwhile.")
    : new AppError("PRECONDITION_FAILED", "The plugin has another revision than expected.");
}
