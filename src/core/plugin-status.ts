import type { MissingCredential } from "../types/auth.ts";
import type { CatalogFault, HostKind, PluginInfo } from "../types/host.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import type { PluginInstance } from "./plugin-instance.ts";
import type { PluginState } from "./plugin-state.ts";
import type { RegisteredInstance } from "./registry.ts";
import type { Catalog } from "./tool-catalog.ts";

/** What the manager tells about one instance. */
export interface InstanceStatus {
  readonly id: string;
  readonly package: string;
  readonly enabled: boolean;
  readonly host: HostKind;
  readonly locked: boolean;
  readonly state: PluginState;
  readonly error: string | null;
  /** Credentials that it waits for. */
  readonly missing: readonly MissingCredential[];
  /** Why the latest version of its code or settings is not the one that runs. */
  readonly reloadError: string | null;
  readonly name: string | null;
  readonly version: string | null;
  readonly description: string | null;
  readonly dependencies: readonly string[];
  /**
   * Failures in a row: starts that failed, and ends within a minute of one. The next try waits twice as long each
   * time.
   */
  readonly failures: number;
  /** Public tool names. */
  readonly tools: readonly string[];
  readonly quarantined: readonly CatalogFault[];
}

/** What the manager knows about an instance, and it does not know itself. */
export interface InstanceStanding {
  /** The catalog as clients have it: an item of the instance may have lost to another's. */
  readonly published: Catalog;
  /** What it offers them, after what was set of its tools. */
  readonly offered: PreparedCatalog | null;
  readonly failures: number;
  readonly reloadError: string | null;
}

/** One instance as it is right now, with what its code says of itself. */
export interface InstanceView {
  readonly status: InstanceStatus;
  readonly registered: RegisteredInstance;
  /** `null` as long as its code has not been loaded. */
  readonly info: PluginInfo | null;
  /** As its plugin has it, whatever was set of its tools; `null` while it offers nothing. */
  readonly offer: PreparedCatalog | null;
  /** The instances that need it. */
  readonly dependents: readonly string[];
}

export function toStatus(
  instance: PluginInstance,
  { published, offered, failures, reloadError }: InstanceStanding,
): InstanceStatus {
  const { registered, id, info, state, error } = instance;
  const { settings, package: code } = registered;
  return {
    id,
    package: settings.package,
    enabled: settings.enabled,
    host: settings.host,
    locked: settings.locked,
    state,
    error: error?.message ?? (code === null ? registered.error : null),
    missing: instance.missing,
    reloadError,
    name: info?.name ?? null,
    version: info?.version ?? null,
    description: info?.description ?? null,
    dependencies: info?.dependencies ?? [],
    failures,
    tools: (offered?.tools ?? [])
      .map(({ name }) => name)
      .filter((name) => published.tools.get(name)?.run.instanceId === id),
    quarantined: [...(offered?.quarantined ?? []), ...(published.conflicts.get(id) ?? [])],
  };
}
