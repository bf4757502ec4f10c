import { expect } from "vitest";
import { idOfKey, type Acknowledged } from "./acknowledged.ts";
import { assemblePlace } from "./assembled-place.ts";
import { createHurriedTime } from "./hurried-time.ts";
import { FAULT_ACTOR, readValue, type NodeDriver, type NodePlace } from "./node-place.ts";

export interface PlaceFindings {
  readonly auditRecords: number;
  /** Half records at a chain's end, which a kill may leave. */
  readonly torn: number;
}

/**
 * Opens a data folder as the next process would, and expects in it what was acknowledged: every value, and a vault and an
 * audit record without a fault. Of the audit record `verify` says all that is wrong once what a dead process had in its
 * journal alone is in the database, too.
 */
export async function checkPlace(
  folder: string,
  driver: NodeDriver,
  acknowledged: Acknowledged,
  checksAudit = true,
): Promise<PlaceFindings> {
  const place = await assemblePlace(folder, driver, () => ({ time: createHurriedTime() }));
  try {
    for (const key of acknowledged.keys()) {
      const id = idOfKey(key);
      const value = id.name.startsWith("$")
        ? await readReserved(place, id)
        : await readValue(place, id);
      const expected = acknowledged.describe(key);
      const message = `${key} is ${value?.slice(0, 40) ?? "gone"}, not ${expected}`;
      expect(acknowledged.settle(key, value), message).toBe(true);
    }
    const verified = await place.vault.verify({ actor: FAULT_ACTOR });
    expect(verified.faults).toEqual([]);
    if (!checksAudit) return { auditRecords: 0, torn: 0 };
    await place.audit.recover();
    const { faults, records } = await place.audit.verify();
    const torn = faults.filter(({ kind }) => kind === "torn");
    expect(faults.filter(({ kind }) => kind !== "torn")).toEqual([]);
    return { auditRecords: records, torn: torn.length };
  } finally {
    await place.close();
  }
}

async function readReserved(
  { vault }: NodePlace,
  { owner, instanceId, name }: ReturnType<typeof idOfKey>,
): Promise<string | null> {
  const found = await vault
    .reserved(owner, FAULT_ACTOR)
    .useCredential(instanceId, name, (secret) => Buffer.from(secret).toString());
  return found?.value ?? null;
}
