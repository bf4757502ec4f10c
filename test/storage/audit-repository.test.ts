import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { audit } from "../../drizzle/sqlite.ts";
import { createAuditRepository } from "../../src/index.ts";
import { auditRecord, auditRecords, auditStoreContract } from "../contract/audit-store.ts";
import { makeDatabase } from "../helpers/database.ts";
import { databaseFile, STORAGE_DRIVERS } from "../helpers/storage-drivers.ts";

for (const { name, open } of STORAGE_DRIVERS) {
  auditStoreContract(`database, ${name}`, {
    open: async () => {
      const path = databaseFile();
      const database = await open(path);
      return {
        store: createAuditRepository(database),
        reopen: async () => {
          database.close();
          return createAuditRepository(await open(path));
        },
      };
    },
  });
}

describe("audit records in the database", () => {
  it("may come in any order, and from many at once", async () => {
    const store = createAuditRepository(makeDatabase());
    const groups = Array.from({ length: 10 }, (_, index) =>
      auditRecords("a", index * 10 + 1, index * 10 + 15),
    );
    await Promise.all(groups.toReversed().map((group) => store.append(group)));
    expect(await store.read("a", 1, 200)).toEqual(auditRecords("a", 1, 105));
  });

  it.each([
    ["a blank", `{ "sequence":1}`],
    ["a second member of the same name", `{"sequence":1,"sequence":1}`],
    ["another way to write a number", `{"sequence":1.0}`],
    ["an escape", `{"\\u0073equence":1}`],
    ["what is no JSON", `{"sequence":1`],
    ["a list", `[]`],
    ["nothing", ``],
    ["null", `null`],
  ])(
    "do not pass for what was appended when their detail was changed by %s",
    async (_what, text) => {
      const database = makeDatabase();
      const store = createAuditRepository(database);
      await store.append(auditRecords("a", 1, 2));
      await database.db.update(audit).set({ detail: text }).where(eq(audit.seq, 1));
      expect(await store.read("a", 1, 10)).toEqual([
        auditRecord("a", 1, { detail: { "changed in the database": text } }),
        auditRecord("a", 2),
      ]);
    },
  );

  it("keeps what somebody changed when the same record is appended again", async () => {
    const database = makeDatabase();
    const store = createAuditRepository(database);
    await store.append(auditRecords("a", 1, 2));
    await database.db.update(audit).set({ actor: "nobody" }).where(eq(audit.seq, 1));
    await store.append(auditRecords("a", 1, 3));
    expect((await store.read("a", 1, 10)).map(({ actor }) => actor)).toEqual([
      "nobody",
      "plugin:one",
      "plugin:one",
    ]);
  });
});
