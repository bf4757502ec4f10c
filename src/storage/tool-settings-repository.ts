import { and, asc, eq } from "drizzle-orm";
import { toolSettings } from "../../drizzle/sqlite.ts";
import type { ToolSettingsStore } from "../types/instances.ts";
import type { Database } from "./database.ts";
import { nextRevision } from "./revision.ts";
import { onStore } from "./storage-fault.ts";

/** What was set of tools, in the database, a row each. */
export function createToolSettingsRepository(db: Database): ToolSettingsStore {
  return {
    list: () =>
      onStore(async () =>
        db
          .select()
          .from(toolSettings)
          .orderBy(asc(toolSettings.instanceId), asc(toolSettings.tool)),
      ),

    put: (setting, expected) =>
      onStore(async () => {
        const { instanceId, tool, enabled, name, description } = setting;
        const row = { enabled, name, description, rev: nextRevision(expected) };
        const changed =
          expected === null
            ? db
                .insert(toolSettings)
                .values({ instanceId, tool, ...row })
                .onConflictDoNothing()
            : db
                .update(toolSettings)
                .set(row)
                .where(
                  and(
                    eq(toolSettings.instanceId, instanceId),
                    eq(toolSettings.tool, tool),
                    eq(toolSettings.rev, expected),
                  ),
                );
        return (await changed.returning()).length > 0;
      }),

    removeAll: (instanceId) =>
      onStore(async () => {
        await db.delete(toolSettings).where(eq(toolSettings.instanceId, instanceId));
      }),
  };
}
