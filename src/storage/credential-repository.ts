import { and, eq, sql, type Placeholder, type SQL } from "drizzle-orm";
import { sealedCredentials } from "../../drizzle/sqlite.ts";
import type { CredentialDriver, CredentialId } from "../types/vault.ts";
import type { VaultDatabase } from "./database.ts";
import { toText } from "./sql-values.ts";
import { onStore } from "./storage-fault.ts";

/** Sealed credentials in the database, which is the vault's store, too: that changes them (`createLedgerRows`). */
export function createCredentialRepository({
  db,
  purge,
}: Omit<VaultDatabase, "atomically">): CredentialDriver {
  // Every use of a credential reads one: the statement is made once.
  const select = db
    .select({ sealed: sealedCredentials.sealed })
    .from(sealedCredentials)
    .where(
      at({
        owner: sql.placeholder("owner"),
        instanceId: sql.placeholder("instanceId"),
        name: sql.placeholder("name"),
      }),
    )
    .prepare();
  return {
    kind: "database",
    database: db,
    read: ({ owner, instanceId, name }) =>
      onStore(async () => {
        const row = await select.get({ owner, instanceId, name });
        return row === undefined ? null : toText(row.sealed);
      }),
    write: ({ owner, instanceId, name }, sealed) =>
      onStore(async () => {
        const {
          owner: ownerColumn,
          instanceId: instanceColumn,
          name: nameColumn,
        } = sealedCredentials;
        await db
          .insert(sealedCredentials)
          .values({ owner, instanceId, name, sealed })
          .onConflictDoUpdate({
            target: [instanceColumn, ownerColumn, nameColumn],
            set: { sealed },
          });
      }),
    remove: (id) =>
      onStore(async () => {
        await db.delete(sealedCredentials).where(at(id));
        purge?.();
      }),
  };
}

function at(id: Record<keyof CredentialId, string | Placeholder>): SQL | undefined {
  return and(
    eq(sealedCredentials.instanceId, id.instanceId),
    eq(sealedCredentials.owner, id.owner),
    eq(sealedCredentials.name, id.name),
  );
}
