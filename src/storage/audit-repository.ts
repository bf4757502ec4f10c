import { and, asc, eq, getTableColumns, gte, max, sql } from "drizzle-orm";
import { audit } from "../../drizzle/sqlite.ts";
import { AppError, messageOf } from "../errors.ts";
import type { AuditAction, AuditOutcome, AuditRecord, AuditStore } from "../types/audit.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { VaultDatabase } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { CHANGED, toText, toWhole } from "./sql-values.ts";
import { onStore } from "./storage-fault.ts";

/** Of JSON in one parameter; D1 takes two million bytes, and a character may be three. */
const MAX_PARAMETER = 500_000;

/** In the order of the table's columns. */
const COLUMNS = Object.keys(getTableColumns(audit));

/** Audit records in the database. */
export function createAuditRepository({ db, atomically }: VaultDatabase): AuditStore {
  // All records in one parameter: a third of the time that a parameter for each column takes, and D1 allows a hundred.
  const insert = (json: string) =>
    db
      .insert(audit)
      .select(
        sql`select ${sql.join(
          COLUMNS.map((name) => sql`value ->> ${sql.raw(`'${name}'`)}`),
          sql`, `,
        )} from json_each(${json}) where true`,
      )
      .onConflictDoUpdate({
        target: [audit.chain, audit.seq],
        // The same record again changes nothing; another one has no MAC here, which the table refuses.
        set: { mac: sql`case when ${audit.mac} = excluded.mac then ${audit.mac} end` },
      })
      .returning({ seq: audit.seq });

  return {
    name: "database",
    central: true,

    /** @throws AppError `CONFLICT` when one of them is stored otherwise: none was taken then; or `VAULT_UNAVAILABLE` */
    append: (records) =>
      onStore(async () => {
        try {
          await atomically(parametersOf(records).map(insert));
        } catch (error) {
          if (!/NOT NULL constraint failed: audit\.mac/.test(allMessagesOf(error))) throw error;
          throw new AppError(
            "CONFLICT",
            `The database has another audit record in the place of one from ${records[0]!.chain}.`,
            { cause: error },
          );
        }
      }),

    chains: () =>
      onStore(async () => {
        const rows = await db
          .selectDistinct({ chain: audit.chain })
          .from(audit)
          .orderBy(asc(audit.chain));
        return rows.map(({ chain }) => toText(chain));
      }),

    heads: (from = "") =>
      onStore(async () => {
        const last = db
          .select({ chain: audit.chain, seq: max(audit.seq).as("last_seq") })
          .from(audit)
          .where(gte(audit.chain, from))
          .groupBy(audit.chain)
          .as("last");
        const rows = await db
          .select({ chain: audit.chain, seq: audit.seq, mac: audit.mac })
          .from(audit)
          .innerJoin(last, and(eq(last.chain, audit.chain), eq(last.seq, audit.seq)))
          // The ids begin with the time at which they were made.
          .orderBy(asc(audit.chain));
        return rows.map(({ chain, seq, mac }) => ({
          chain: toText(chain),
          seq: toWhole(seq),
          mac: toText(mac),
        }));
      }),

    read: (chain, fromSeq, limit) =>
      onStore(async () => {
        const rows = await db
          .select()
          .from(audit)
          .where(and(eq(audit.chain, chain), gte(audit.seq, fromSeq)))
          .orderBy(asc(audit.seq))
          .limit(limit);
        return rows.map(toRecord);
      }),

    cut: (chain) =>
      onStore(async () => {
        await db.delete(audit).where(eq(audit.chain, chain));
      }),
  };
}

/** Arrays in JSON, with the detail as the text that it is in its column. */
function parametersOf(records: readonly AuditRecord[]): string[] {
  const parameters: string[] = [];
  let items: string[] = [];
  let length = 0;
  for (const record of records) {
    const item = JSON.stringify({ ...record, detail: JSON.stringify(record.detail) });
    if (length + item.length > MAX_PARAMETER && items.length > 0) {
      parameters.push(`[${items.join(",")}]`);
      items = [];
      length = 0;
    }
    items.push(item);
    length += item.length;
  }
  return items.length === 0 ? parameters : [...parameters, `[${items.join(",")}]`];
}

function toRecord(row: typeof audit.$inferSelect): AuditRecord {
  return {
    chain: toText(row.chain),
    seq: toWhole(row.seq),
    time: toWhole(row.time),
    actor: toText(row.actor),
    action: toText(row.action) as AuditAction,
    instanceId: toTextOrNull(row.instanceId),
    subject: toTextOrNull(row.subject),
    outcome: toText(row.outcome) as AuditOutcome,
    requestId: toTextOrNull(row.requestId),
    detail: parseDetail(toText(row.detail)),
    previous: toText(row.previous),
    mac: toText(row.mac),
  };
}

function toTextOrNull(value: string | null): string | null {
  return value === null ? null : toText(value);
}

/**
 * What `append` wrote. A text that somebody changed, be it by a blank, becomes what no record of ours says, so that it never passes
 * for the record's.
 */
function parseDetail(text: string): AuditRecord["detail"] {
  const detail = parseColumn(text);
  return isJsonObject(detail) && JSON.stringify(detail) === text
    ? (detail as AuditRecord["detail"])
    : { [CHANGED]: text };
}

function allMessagesOf(error: unknown): string {
  return error instanceof Error ? `${messageOf(error)}\n${allMessagesOf(error.cause)}` : "";
}
