import type { CatalogFault, HostKind } from "../types/host.ts";
import type { PluginInstance } from "./plugin-instance.ts";
import type { PluginState } from "./plugin-state.ts";
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
  readonly name: string | null;
  readonly version: string | null;
  readonly description: string | null;
  readonly dependencies: readonly string[];
  /** Failed starts since it last ran; the next try waits twice as long each time. */
  readonly failures: number;
  /** Public tool names. */
  readonly tools: readonly string[];
  readonly quarantined: readonly CatalogFault[];
}

/** @param published the catalog as clients have it: an item of the instance may have lost to another's */
export function toStatus(
  instance: PluginInstance,
  published: Catalog,
  failures: number,
): InstanceStatus {
  const { registered, id, info, catalog, state, error } = instance;
  const { settings, package: code } = registered;
  return {
    id,
    package: settings.package,
    enabled: settings.enabled,
    host: settings.host,
    locked: settings.locked,
    state,
    error: error?.message ?? (code === null ? registered.error : null),
    name: info?.name ?? null,
    version: info?.version ?? null,
    description: info?.description ?? null,
    dependencies: info?.dependencies ?? [],
    failures,
    tools: (catalog?.tools ?? [])
      .map(({ name }) => name)
      .filter((name) => published.tools.get(name)?.run.instanceId === id),
    quarantined: [...(catalog?.quarantined ?? []), ...(published.conflicts.get(id) ?? [])],
  };
}
