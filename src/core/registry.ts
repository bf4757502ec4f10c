import type { HostKind } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type {
  InstanceEntry,
  InstanceSettings,
  InstanceStore,
  PluginDiscovery,
  PluginPackage,
} from "../types/instances.ts";
import { decideSettings } from "./instance-settings.ts";

export interface RegistryDeps {
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  readonly store: InstanceStore;
  readonly discovery: PluginDiscovery;
  /** Where every plugin runs, whatever its settings say; `null` when they decide. */
  readonly runAllIn: HostKind | null;
  readonly logger: Logger;
}

/** What is installed and what is wanted. It reads manifests and settings, and runs no plugin code. */
export interface Registry {
  readonly instances: readonly RegisteredInstance[];
  /** Packages that no instance uses. */
  readonly available: readonly PluginPackage[];
}

/** An instance with its code, or with the reason why there is none. */
export interface RegisteredInstance {
  readonly settings: InstanceSettings;
  readonly package: PluginPackage | null;
  readonly error: string | null;
}

export async function readRegistry(deps: RegistryDeps): Promise<Registry> {
  const settings = await readSettings(deps);
  const found = await deps.discovery.discover(settings.map((instance) => instance.package));
  const packages = new Map(found.packages.map((entry) => [entry.ref, entry]));
  const errors = new Map(found.errors.map((entry) => [entry.ref, entry.reason]));
  const used = new Set(settings.map((instance) => instance.package));

  for (const [ref, reason] of errors) {
    if (!used.has(ref)) deps.logger.warn("Skipped a plugin folder", { package: ref, reason });
  }
  return {
    instances: settings.map((instance) => {
      const code = packages.get(instance.package) ?? null;
      const error =
        code === null
          ? (errors.get(instance.package) ?? `Package "${instance.package}" was not found.`)
          : null;
      return { settings: instance, package: code, error };
    }),
    available: found.packages.filter((entry) => !used.has(entry.ref)),
  };
}

/** The instances that `after` has otherwise than `before`, or that only one of them has. */
export function findChanges(before: Registry, after: Registry): Set<string> {
  const texts = ({ instances }: Registry) =>
    new Map(instances.map((each) => [each.settings.id, JSON.stringify(each)]));
  const [old, fresh] = [texts(before), texts(after)];
  const ids = [...new Set([...old.keys(), ...fresh.keys()])];
  return new Set(ids.filter((id) => old.get(id) !== fresh.get(id)));
}

async function readSettings({
  entries,
  store,
  runAllIn,
}: RegistryDeps): Promise<InstanceSettings[]> {
  const stored = new Map((await store.list()).map((row) => [row.id, row]));
  const ids = [...new Set([...Object.keys(entries), ...stored.keys()])].toSorted();
  return ids
    .map((id) =>
      decideSettings(id, Object.hasOwn(entries, id) ? entries[id] : undefined, stored.get(id)),
    )
    .filter((settings) => settings !== null)
    .map((settings) => (runAllIn === null ? settings : { ...settings, host: runAllIn }));
}
