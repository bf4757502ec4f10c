import type { InstanceEntry, InstanceSettings, StoredInstance } from "../types/instances.ts";

export const INSTANCE_ID = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Decides an instance's settings: what was stored through the API, field by field, over what the file says, over
 * the defaults. A locked file entry is the file's alone. `null` when the instance does not exist (a stored tombstone,
 * or stored settings whose file entry is gone and that name no package of their own).
 */
export function decideSettings(
  id: string,
  entry: InstanceEntry | undefined,
  stored: StoredInstance | undefined,
): InstanceSettings | null {
  const override = entry?.locked ? undefined : stored;
  const packageRef = override?.package ?? entry?.package;
  if (override?.removed || packageRef === undefined) return null;
  return {
    id,
    package: packageRef,
    enabled: override?.enabled ?? entry?.enabled ?? true,
    toolPrefix: override?.toolPrefix ?? entry?.toolPrefix ?? id,
    host: override?.host ?? entry?.host ?? "in-process",
    config: override?.config ?? entry?.config ?? {},
    oauth: override?.oauth ?? entry?.oauth ?? {},
    locked: entry?.locked ?? false,
  };
}

/** Where a setting comes from. */
export type SettingSource = "stored" | "file" | "default";

/** The settings that the API may change, of which each is decided for itself. */
const CHANGEABLE = ["package", "enabled", "toolPrefix", "host", "config", "oauth"] as const;
export type ChangeableSetting = (typeof CHANGEABLE)[number];

/** Where each of an instance's settings comes from, by the same rules. */
export function settingSources(
  entry: InstanceEntry | undefined,
  stored: StoredInstance | undefined,
): Record<ChangeableSetting, SettingSource> {
  const override = entry?.locked ? undefined : stored;
  const sourceOf = (name: ChangeableSetting): SettingSource => {
    if ((override?.[name] ?? null) !== null) return "stored";
    return entry?.[name] === undefined ? "default" : "file";
  };
  return Object.fromEntries(CHANGEABLE.map((name) => [name, sourceOf(name)])) as Record<
    ChangeableSetting,
    SettingSource
  >;
}
