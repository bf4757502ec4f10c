import { and, asc, eq } from "drizzle-orm";
import { pluginInstances } from "../../drizzle/sqlite.ts";
import { AppError } from "../errors.ts";
import type { HostKind } from "../types/host.ts";
import type { InstanceChanges, InstanceStore, StoredInstance } from "../types/instances.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { nextRevision } from "./revision.ts";
import { onStore } from "./storage-fault.ts";

/**
 * Instance settings that were stored through the API, in the database. A `host` may be one that this server does not
 * have: the manager says so on the instance.
 */
export function createInstanceRepository(db: Database): InstanceStore {
  const at = (id: string, rev: number) =>
    and(eq(pluginInstances.id, id), eq(pluginInstances.rev, rev));
  return {
    /** @throws AppError `INTERNAL` naming the instance whose row is damaged */
    list: () =>
      onStore(async () => {
        const rows = await db.select().from(pluginInstances).orderBy(asc(pluginInstances.id));
        return rows.map(toStored);
      }),

    put: (id, changes, expected) =>
      onStore(async () => {
        const row = { ...toColumns(changes), rev: nextRevision(expected) };
        const changed =
          expected === null
            ? db
                .insert(pluginInstances)
                .values({ id, ...row })
                .onConflictDoNothing()
            : db.update(pluginInstances).set(row).where(at(id, expected));
        return (await changed.returning()).length > 0;
      }),

    remove: (id, expected) =>
      onStore(async () => {
        const gone = await db
          .delete(pluginInstances)
          .where(at(id, expected))
          .returning({ rev: pluginInstances.rev });
        return gone.length > 0;
      }),
  };
}

type Row = typeof pluginInstances.$inferSelect;

function toColumns({ config, oauth, ...rest }: InstanceChanges): Partial<Row> {
  return {
    ...rest,
    ...(config !== undefined && { config: config && JSON.stringify(config) }),
    ...(oauth !== undefined && { oauth: oauth && JSON.stringify(oauth) }),
  };
}

function toStored({ id, package: ref, host, config, oauth, ...row }: Row): StoredInstance {
  const { enabled, toolPrefix, removed, rev } = row;
  return {
    id,
    package: ref,
    enabled,
    toolPrefix,
    host: host as HostKind | null,
    config: config === null ? null : parseSettings(id, config),
    oauth: oauth === null ? null : parseSettings(id, oauth),
    removed,
    rev,
  };
}

function parseSettings(id: string, text: string): Record<string, unknown> {
  const settings = parseColumn(text);
  if (isJsonObject(settings)) return settings;
  // Not the text itself: settings may hold what nobody should read in a log.
  throw new AppError("INTERNAL", `The stored settings of the plugin "${id}" are damaged.`);
}
