import { and, eq } from "drizzle-orm";
import { meta } from "../../drizzle/sqlite.ts";
import type { VaultStore } from "../types/vault.ts";
import { createDataKeyRows } from "./data-key-rows.ts";
import type { VaultDatabase } from "./database.ts";
import { createLedgerRows } from "./ledger-rows.ts";
import { onStore } from "./storage-fault.ts";

/**
 * What the vault keeps, in the database. Several processes may share it: what a change needs stands in the `where` of its
 * statements, and whether it happened is whether a row came back.
 */
export function createVaultRepository(database: VaultDatabase): VaultStore {
  const { db } = database;
  return {
    database: db,
    value: (name) =>
      onStore(async () => {
        const rows = await db.select().from(meta).where(eq(meta.name, name));
        return rows[0]?.value ?? null;
      }),
    setValue: (name, value, expected) =>
      onStore(async () => {
        const changed =
          expected === null
            ? db.insert(meta).values({ name, value }).onConflictDoNothing()
            : db
                .update(meta)
                .set({ value })
                .where(and(eq(meta.name, name), eq(meta.value, expected)));
        return (await changed.returning()).length > 0;
      }),
    ...createDataKeyRows(database),
    ...createLedgerRows(database),
  };
}
