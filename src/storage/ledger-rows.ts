import { and, eq, exists, notExists, sql, type SQL } from "drizzle-orm";
import { credentials, dataKeys, ledgers, sealedCredentials } from "../../drizzle/sqlite.ts";
import type { LedgerChange, LedgerEntry, Owner, VaultStore } from "../types/vault.ts";
import type { Statement } from "./atomically.ts";
import type { VaultDatabase } from "./database.ts";
import { bigint, toText, toWhole } from "./sql-values.ts";
import { onStore } from "./storage-fault.ts";

type LedgerStore = Pick<VaultStore, "instances" | "ledgerVersion" | "ledger" | "commit">;

type EntryColumns = Omit<LedgerEntry, "owner" | "instanceId"> & { readonly owner: string };

const NAME = { name: credentials.name };

/** The ledgers in the database: a row each, and one for every entry. */
export function createLedgerRows({ db, atomically, purge }: VaultDatabase): LedgerStore {
  // Asked for at every use of a credential: the statement is made once.
  const selectVersion = db
    .select({ version: ledgers.version })
    .from(ledgers)
    .where(eq(ledgers.instanceId, sql.placeholder("instanceId")))
    .prepare();

  /** What every statement of a change needs: that the ledger stands where the change was made from. */
  const standsAt = ({ instanceId, from }: LedgerChange): SQL => {
    const own = eq(ledgers.instanceId, instanceId);
    return from === 0
      ? notExists(db.select().from(ledgers).where(own))
      : exists(
          db
            .select()
            .from(ledgers)
            .where(and(own, eq(ledgers.version, from))),
        );
  };
  const hasKey = ({ keyId }: LedgerEntry): SQL =>
    exists(db.select().from(dataKeys).where(eq(dataKeys.id, keyId)));

  const put = (entry: LedgerEntry, applies: SQL | undefined): Statement =>
    db
      .insert(credentials)
      .select(
        sql`select ${entry.owner}, ${entry.instanceId}, ${entry.name}, ${bigint(entry.sequence)}, ${entry.keyId},
            ${entry.tag}, ${bigint(entry.createdAt)}, ${bigint(entry.updatedAt)}
          where ${applies}`,
      )
      .onConflictDoUpdate({
        target: [credentials.instanceId, credentials.owner, credentials.name],
        set: {
          sequence: entry.sequence,
          dataKeyId: entry.keyId,
          tag: entry.tag,
          createdAt: entry.createdAt,
          updatedAt: entry.updatedAt,
        },
      })
      .returning(NAME);

  const putRecord = (
    { owner, instanceId, name }: LedgerEntry,
    sealed: string,
    applies: SQL | undefined,
  ): Statement =>
    db
      .insert(sealedCredentials)
      .select(sql`select ${owner}, ${instanceId}, ${name}, ${sealed} where ${applies}`)
      .onConflictDoUpdate({
        target: [sealedCredentials.instanceId, sealedCredentials.owner, sealedCredentials.name],
        set: { sealed },
      })
      .returning({ name: sealedCredentials.name });

  const remove = (
    table: typeof credentials | typeof sealedCredentials,
    instanceId: string,
    { owner, name }: NonNullable<LedgerChange["remove"]>,
    applies: SQL | undefined,
  ): Statement =>
    db
      .delete(table)
      .where(
        and(
          eq(table.instanceId, instanceId),
          eq(table.owner, owner),
          eq(table.name, name),
          applies,
        ),
      )
      .returning({ name: table.name });

  const putting = ({ put: entry, sealed }: LedgerChange, applies: SQL | undefined): Statement[] => [
    ...(entry ? [put(entry, applies)] : []),
    ...(entry && sealed !== undefined ? [putRecord(entry, sealed, applies)] : []),
  ];
  const removing = ({ instanceId, remove: place }: LedgerChange, applies: SQL | undefined) =>
    place === undefined
      ? []
      : [credentials, sealedCredentials].map((table) => remove(table, instanceId, place, applies));

  const advance = (
    { instanceId, from, seal }: LedgerChange,
    applies: SQL | undefined,
  ): Statement => {
    const version = from + 1;
    return from === 0
      ? db
          .insert(ledgers)
          .select(sql`select ${instanceId}, ${bigint(version)}, ${seal} where ${applies}`)
          .returning({ version: ledgers.version })
      : db
          .update(ledgers)
          .set({ version, seal })
          .where(and(eq(ledgers.instanceId, instanceId), applies))
          .returning({ version: ledgers.version });
  };

  return {
    instances: () =>
      onStore(async () => {
        const rows = await db.select({ id: ledgers.instanceId }).from(ledgers);
        return rows.map(({ id }) => id).toSorted();
      }),

    ledgerVersion: (instanceId) =>
      onStore(async () => toWhole((await selectVersion.get({ instanceId }))?.version ?? 0)),

    ledger: (instanceId) =>
      onStore(async () => {
        // One statement, so that the seal and what it seals are of one moment.
        const rows = await db
          .select({
            version: ledgers.version,
            seal: ledgers.seal,
            entry: {
              owner: credentials.owner,
              name: credentials.name,
              sequence: credentials.sequence,
              keyId: credentials.dataKeyId,
              tag: credentials.tag,
              createdAt: credentials.createdAt,
              updatedAt: credentials.updatedAt,
            },
          })
          .from(ledgers)
          .leftJoin(credentials, eq(credentials.instanceId, ledgers.instanceId))
          .where(eq(ledgers.instanceId, instanceId));
        const [first] = rows;
        if (first === undefined) return null;
        const version = toWhole(first.version);
        const seal = toText(first.seal);
        // A ledger without entries has one row, with nothing in the entry's columns.
        const entries = rows.flatMap(({ entry }) =>
          entry === null ? [] : [toEntry(instanceId, entry)],
        );
        return { instanceId, version, seal, entries };
      }),

    commit: (change) =>
      onStore(async () => {
        const applies = and(standsAt(change), change.put && hasKey(change.put));
        const answers = await atomically([
          ...putting(change, applies),
          ...removing(change, applies),
          // Last, for it changes what the others look at.
          advance(change, applies),
        ]);
        const isDone = answers.at(-1)!.length > 0;
        if (isDone && change.remove !== undefined) purge?.();
        return isDone;
      }),
  };
}

function toEntry(
  instanceId: string,
  { owner, name, sequence, keyId, tag, createdAt, updatedAt }: EntryColumns,
): LedgerEntry {
  return {
    owner: toText(owner) as Owner,
    instanceId,
    name: toText(name),
    sequence: toWhole(sequence),
    keyId: toText(keyId),
    tag: toText(tag),
    createdAt: toWhole(createdAt),
    updatedAt: toWhole(updatedAt),
  };
}
