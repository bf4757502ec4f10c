import { pluginInstances } from "../../drizzle/sqlite.ts";
import { AppError } from "../errors.ts";
import type { HostKind } from "../types/host.ts";
import type { InstanceStore } from "../types/instances.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";

/**
 * Instance settings that were stored through the API, in the database. A `host` may be one that this server does not
 * have: the manager says so on the instance.
 */
export function createInstanceRepository(db: Database): InstanceStore {
  return {
    /** @throws AppError `INTERNAL` naming the instance whose row is damaged */
    async list() {
      const rows = await db.select().from(pluginInstances);
      return rows.map(({ id, package: ref, enabled, toolPrefix, host, config, removed }) => ({
        id,
        package: ref,
        enabled,
        toolPrefix,
        host: host as HostKind | null,
        config: config === null ? null : parseConfig(id, config),
        removed,
      }));
    },
  };
}

function parseConfig(id: string, text: string): Record<string, unknown> {
  const config = parseColumn(text);
  if (isJsonObject(config)) return config;
  // Not the text itself: settings may hold what nobody should read in a log.
  throw new AppError("INTERNAL", `The stored settings of the plugin "${id}" are damaged.`);
}
