import type { ServerSettingsStore, StoredServerSettings } from "../types/server-settings.ts";
import { nextRevision } from "./revision.ts";

/** Reference driver: everything is gone at the end of the process. */
export function createMemoryServerSettings(): ServerSettingsStore {
  let stored: StoredServerSettings | null = null;
  return {
    read: async () => structuredClone(stored),
    async put(values, expected) {
      if ((stored?.rev ?? null) !== expected) return false;
      stored = { values: structuredClone(values), rev: nextRevision(expected) };
      return true;
    },
  };
}
