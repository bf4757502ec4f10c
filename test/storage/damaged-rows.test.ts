import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import {
  createAuditRepository,
  createCredentialRepository,
  createVaultRepository,
} from "../../src/index.ts";
import { auditRecord } from "../contract/audit-store.ts";
import { entry, key } from "../contract/vault-store/harness.ts";
import { makeDatabase } from "../helpers/database.ts";

/** What SQLite takes in a column of any type. */
const ODD = ["'text'", "1.5", "x'00ff'", "9007199254740993", "-1", "''"];
const CHANGED = "changed in the database";

async function makeFilled() {
  const database = makeDatabase();
  const store = createVaultRepository(database);
  const driver = createCredentialRepository(database);
  const audit = createAuditRepository(database);
  await store.setValue("g", "1", null);
  await store.addDataKey(key("k1"), null, { name: "g", value: "1" });
  await store.commit({ instanceId: "one", from: 0, seal: "s", put: entry("a", 1) });
  await driver.write(entry("a", 1), "v1.sealed");
  await audit.append([auditRecord("c", 1), auditRecord("c", 2)]);
  const set = (table: string, column: string, value: string) =>
    database.db.run(sql.raw(`update ${table} set ${column} = ${value}`));
  return { store, driver, audit, set };
}

describe("a row that somebody changed", () => {
  it.each(ODD)("has a whole number where it should, when %s stands there", async (value) => {
    const { store, audit, set } = await makeFilled();
    await set("ledgers", "version", value);
    for (const column of ["sequence", "created_at", "updated_at"]) {
      await set("credentials", column, value);
    }
    for (const column of ["uses", "created_at"]) await set("data_keys", column, value);
    await set("audit", "time", value);
    expect(await store.ledgerVersion("one")).toBe(-1);
    expect(await store.ledger("one")).toEqual({
      instanceId: "one",
      version: -1,
      seal: "s",
      entries: [entry("a", 1, { sequence: -1, createdAt: -1, updatedAt: -1 })],
    });
    expect(await store.dataKeys()).toEqual([key("k1", { uses: -1, createdAt: -1 })]);
    expect((await audit.read("c", 1, 1))[0]).toEqual({ ...auditRecord("c", 1), time: -1 });
  });

  it("has text where it should, when bytes stand there", async () => {
    const { store, driver, audit, set } = await makeFilled();
    const bytes = "x'763100ff'";
    await set("sealed_credentials", "sealed", bytes);
    await set("ledgers", "seal", bytes);
    await set("credentials", "data_key_id", bytes);
    await set("data_keys", "wrapped", bytes);
    for (const column of ["actor", "subject", "detail", "mac", "previous"]) {
      await set("audit", column, bytes);
    }
    expect(await driver.read(entry("a", 1))).toBe(CHANGED);
    expect(await store.ledger("one")).toMatchObject({
      seal: CHANGED,
      entries: [{ keyId: CHANGED }],
    });
    expect(await store.dataKeys()).toEqual([key("k1", { wrapped: CHANGED })]);
    expect((await audit.read("c", 1, 1))[0]).toEqual(
      auditRecord("c", 1, {
        actor: CHANGED,
        subject: CHANGED,
        detail: { [CHANGED]: CHANGED },
        mac: CHANGED,
        previous: CHANGED,
      }),
    );
    expect(await audit.heads()).toEqual([{ chain: "c", seq: 2, mac: CHANGED }]);
  });

  it("is told by its number when text stands there", async () => {
    const { audit, set } = await makeFilled();
    await set("audit", "seq", "'two' || seq");
    expect((await audit.read("c", 1, 10)).map(({ seq }) => seq)).toEqual([-1, -1]);
    expect(await audit.heads()).toEqual([{ chain: "c", seq: -1, mac: "mac-2" }]);
  });
});
