import { idOfKey, type Acknowledged } from "./acknowledged.ts";
import { assemblePlace } from "./assembled-place.ts";
import { createHurriedTime } from "./hurried-time.ts";
import { FAULT_ACTOR, readValue, type NodeDriver, type NodePlace } from "./node-place.ts";

export interface PlaceFindings {
  /** All that is not as it should be. */
  readonly wrong: readonly string[];
  readonly auditRecords: number;
  /** Half records at a chain's end, which a kill may leave. */
  readonly torn: number;
}

/**
 * Opens a data folder as the next process would, and looks for what was acknowledged: every value, and a vault and an
 * audit record without a fault. Of the audit record `verify` says all that is wrong once what a dead process had in its
 * journal alone is in the database, too.
 *
 * @param checksAudit what the audit record must have of each acknowledged change: how it ended, or where no sink took that,
 * at least that it was begun
 */
export async function checkPlace(
  folder: string,
  driver: NodeDriver,
  acknowledged: Acknowledged,
  checksAudit: "ok" | "started" | false = "ok",
): Promise<PlaceFindings> {
  const place = await assemblePlace(folder, driver, () => ({ time: createHurriedTime() }));
  try {
    const wrong = await acknowledged.compare((key) => readValue(place, idOfKey(key)));
    const { faults } = await place.vault.verify({ actor: FAULT_ACTOR });
    wrong.push(...faults.map((fault) => JSON.stringify(fault)));
    if (!checksAudit) return { wrong, auditRecords: 0, torn: 0 };
    await place.audit.recover();
    const audit = await place.audit.verify();
    const torn = audit.faults.filter(({ kind }) => kind === "torn");
    const others = audit.faults.filter(({ kind }) => kind !== "torn");
    wrong.push(...others.map((fault) => JSON.stringify(fault)));
    const { writes, deletions } = acknowledged;
    const [written, deleted] = [
      await countOf(place, "write", checksAudit),
      await countOf(place, "delete", checksAudit),
    ];
    if (written < writes) wrong.push(`${written} of ${writes} writes are on record`);
    if (deleted < deletions) wrong.push(`${deleted} of ${deletions} deletions are on record`);
    return { wrong, auditRecords: audit.records, torn: torn.length };
  } finally {
    await place.close();
  }
}

async function countOf(
  { audit }: NodePlace,
  what: "write" | "delete",
  outcome: "ok" | "started",
): Promise<number> {
  const query = { action: `credential.${what}`, outcome };
  let count = 0;
  for await (const { seq } of audit.records(query)) count += Math.min(seq, 1);
  return count;
}
