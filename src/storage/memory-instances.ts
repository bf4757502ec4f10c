import type {
  InstanceStore,
  StoredInstance,
  ToolSetting,
  ToolSettingsStore,
} from "../types/instances.ts";
import { NOTHING_STORED } from "../util/nothing-stored.ts";
import { nextRevision } from "./revision.ts";

/** Reference drivers: everything is gone at the end of the process. */

export function createMemoryInstances(initial: readonly StoredInstance[] = []): InstanceStore {
  const stored = new Map(initial.map((instance) => [instance.id, instance]));
  const isAt = (id: string, expected: number | null) => (stored.get(id)?.rev ?? null) === expected;
  return {
    list: async () => sorted(stored),
    async put(id, changes, expected) {
      if (!isAt(id, expected)) return false;
      const before = stored.get(id) ?? NOTHING_STORED;
      stored.set(id, { ...before, ...copy(changes), id, rev: nextRevision(expected) });
      return true;
    },
    remove: async (id, expected) => isAt(id, expected) && stored.delete(id),
  };
}

export function createMemoryToolSettings(): ToolSettingsStore {
  const stored = new Map<string, ToolSetting>();
  // No tool's name has a blank.
  const keyOf = ({ instanceId, tool }: Pick<ToolSetting, "instanceId" | "tool">) =>
    `${instanceId} ${tool}`;
  return {
    list: async () => sorted(stored),
    async put(setting, expected) {
      const key = keyOf(setting);
      if ((stored.get(key)?.rev ?? null) !== expected) return false;
      stored.set(key, { ...setting, rev: nextRevision(expected) });
      return true;
    },
    async removeAll(instanceId) {
      for (const [key, setting] of stored) {
        if (setting.instanceId === instanceId) stored.delete(key);
      }
    },
  };
}

/** As a database would give it back, whatever becomes of the object that it was made of. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function sorted<T>(stored: ReadonlyMap<string, T>): T[] {
  return [...stored].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
