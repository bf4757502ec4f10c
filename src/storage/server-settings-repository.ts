import { and, eq } from "drizzle-orm";
import { serverSettings } from "../../drizzle/sqlite.ts";
import type { ServerSettingsStore, StoredServerSettings } from "../types/server-settings.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { nextRevision } from "./revision.ts";
import { onStore } from "./storage-fault.ts";

/** The only row. */
const ID = "server";

/** What was set of the server, in the database. */
export function createServerSettingsRepository(db: Database): ServerSettingsStore {
  return {
    read: () =>
      onStore(async () => {
        const [row] = await db.select().from(serverSettings).where(eq(serverSettings.id, ID));
        return row === undefined ? null : { values: toObject(row.values), rev: row.rev };
      }),

    put: (values, expected) =>
      onStore(async () => {
        const row = { values: JSON.stringify(values), rev: nextRevision(expected) };
        const changed =
          expected === null
            ? db
                .insert(serverSettings)
                .values({ id: ID, ...row })
                .onConflictDoNothing()
            : db
                .update(serverSettings)
                .set(row)
                .where(and(eq(serverSettings.id, ID), eq(serverSettings.rev, expected)));
        return (await changed.returning()).length > 0;
      }),
  };
}

/** A row that somebody damaged sets nothing: the server must start all the same. */
function toObject(text: string): StoredServerSettings["values"] {
  const value = parseColumn(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as StoredServerSettings["values"]) : {};
}
