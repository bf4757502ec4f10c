import { pluginInstances } from "../../drizzle/sqlite.ts";
import type { HostKind } from "../types/host.ts";
import type { InstanceStore } from "../types/instances.ts";
import type { Database } from "./database.ts";

/** Instance settings that were stored through the API, in the database. */
export function createInstanceRepository(db: Database): InstanceStore {
  return {
    async list() {
      const rows = await db.select().from(pluginInstances);
      return rows.map(({ id, package: ref, enabled, toolPrefix, host, config, removed }) => ({
        id,
        package: ref,
        enabled,
        toolPrefix,
        host: host as HostKind | null,
        config: config === null ? null : (JSON.parse(config) as Record<string, unknown>),
        removed,
      }));
    },
  };
}
