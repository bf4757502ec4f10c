import { and, eq, exists, lte, notExists, sql } from "drizzle-orm";
import { credentials, dataKeys, meta } from "../../drizzle/sqlite.ts";
import type { VaultStore } from "../types/vault.ts";
import type { VaultDatabase } from "./database.ts";
import { bigint, toText, toWhole } from "./sql-values.ts";
import { onStore } from "./storage-fault.ts";

type DataKeyStore = Pick<
  VaultStore,
  "dataKeys" | "addDataKey" | "rewrapDataKey" | "countUses" | "removeDataKey"
>;

const ID = { id: dataKeys.id };

/** The vault's data keys in the database. */
export function createDataKeyRows({ db, atomically, purge }: VaultDatabase): DataKeyStore {
  return {
    dataKeys: () =>
      onStore(async () => {
        const rows = await db.select().from(dataKeys);
        return rows.map((row) => ({
          ...row,
          wrapped: toText(row.wrapped),
          createdAt: toWhole(row.createdAt),
          uses: toWhole(row.uses),
        }));
      }),

    addDataKey: (key, replaces, guard) =>
      onStore(async () => {
        const guarded = exists(
          db
            .select()
            .from(meta)
            .where(and(eq(meta.name, guard.name), eq(meta.value, guard.value))),
        );
        const ofInstance = eq(dataKeys.instanceId, key.instanceId);
        const isActive = eq(dataKeys.state, "active");
        const retire = db
          .update(dataKeys)
          .set({ state: "retiring" })
          .where(and(eq(dataKeys.id, replaces ?? ""), ofInstance, isActive, guarded))
          .returning(ID);
        // After the other, so that an active key is in the way exactly when it was not the one to be replaced.
        const add = db
          .insert(dataKeys)
          .select(
            sql`select ${key.id}, ${key.instanceId}, ${key.wrapped}, ${key.masterKeyId}, 'active',
                ${bigint(key.createdAt)}, ${bigint(key.uses)}
              where ${and(
                guarded,
                notExists(db.select().from(dataKeys).where(and(ofInstance, isActive))),
                replaces === null
                  ? undefined
                  : exists(
                      db
                        .select()
                        .from(dataKeys)
                        .where(and(eq(dataKeys.id, replaces), ofInstance)),
                    ),
              )}`,
          )
          .returning(ID);
        const answers = await atomically(replaces === null ? [add] : [retire, add]);
        return answers.at(-1)!.length > 0;
      }),

    rewrapDataKey: (id, from, { wrapped, masterKeyId }) =>
      onStore(async () => {
        const changed = await db
          .update(dataKeys)
          .set({ wrapped, masterKeyId })
          .where(and(eq(dataKeys.id, id), eq(dataKeys.wrapped, from)))
          .returning(ID);
        return changed.length > 0;
      }),

    countUses: (id, count, limit) =>
      onStore(async () => {
        const counted = await db
          .update(dataKeys)
          .set({ uses: sql`${dataKeys.uses} + ${count}` })
          .where(
            and(
              eq(dataKeys.id, id),
              eq(dataKeys.state, "active"),
              lte(dataKeys.uses, limit - count),
            ),
          )
          .returning(ID);
        return counted.length > 0;
      }),

    removeDataKey: (id) =>
      onStore(async () => {
        const named = db.select().from(credentials).where(eq(credentials.dataKeyId, id));
        const removed = await db
          .delete(dataKeys)
          .where(and(eq(dataKeys.id, id), eq(dataKeys.state, "retiring"), notExists(named)))
          .returning(ID);
        if (removed.length === 0) return false;
        purge?.();
        return true;
      }),
  };
}
