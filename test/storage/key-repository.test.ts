import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { createKeyRepository, type KeyRecord } from "../../src/index.ts";
import { makeDatabase } from "../helpers/database.ts";

const key = (id: string, kind: KeyRecord["kind"], hash: string): KeyRecord => ({
  id,
  name: `name of ${id}`,
  kind,
  hash,
  scopes: ["mcp", "x:y"],
  createdAt: 1_700_000_000_000,
});

const CLIENT = { ...key("c1", "client", "aa"), rev: 1 };
const USER = { ...key("u1", "user", "bb"), rev: 1 };

describe("the key repository", () => {
  it("is empty at first", async () => {
    expect(await createKeyRepository(makeDatabase().db).list()).toEqual([]);
  });

  it("gives clients' and users' keys back as they were added", async () => {
    const { db } = makeDatabase();
    const keys = createKeyRepository(db);
    await keys.add(USER);
    await keys.add(CLIENT);
    expect(await keys.list()).toEqual([CLIENT, USER]);
    expect(await createKeyRepository(db).list()).toEqual([CLIENT, USER]);
  });

  it.each([
    ["clients", CLIENT],
    ["api_tokens", USER],
  ])("leaves out what was revoked in %s", async (table, record) => {
    const { db } = makeDatabase();
    const keys = createKeyRepository(db);
    await keys.add(record);
    await db.run(sql.raw(`update ${table} set revoked_at = 5`));
    expect(await keys.list()).toEqual([]);
  });

  it.each([CLIENT, USER])(
    "refuses a $kind's key whose id or hash is there already",
    async (record) => {
      const keys = createKeyRepository(makeDatabase().db);
      await keys.add(record);
      for (const twin of [
        { ...record, id: "other" },
        { ...record, hash: "other" },
      ]) {
        await expect(keys.add(twin)).rejects.toThrow("UNIQUE constraint failed");
      }
      expect(await keys.list()).toEqual([record]);
    },
  );

  it.each([CLIENT, USER])(
    "changes a $kind's key that is as it was read, and no other",
    async (record) => {
      const keys = createKeyRepository(makeDatabase().db);
      await keys.add(record);
      expect(await keys.change(record, { name: "first" })).toBe(true);
      expect(await keys.change(record, { name: "second" })).toBe(false);
      await keys.used([{ ...record, at: 7 }]);
      const [now] = await keys.list();
      expect(now).toEqual({ ...record, name: "first", rev: 2, usedAt: 7 });
      expect(await keys.change(now!, { name: "third" })).toBe(true);
    },
  );

  it("holds hashes alone", async () => {
    const { db } = makeDatabase();
    await createKeyRepository(db).add(CLIENT);
    const rows = await db.all<Record<string, unknown>>(sql.raw("select * from clients"));
    expect(rows).toEqual([
      {
        id: "c1",
        name: "name of c1",
        key_hash: "aa",
        scopes: '["mcp","x:y"]',
        owner: null,
        access: null,
        calls_per_minute: null,
        created_at: 1_700_000_000_000,
        expires_at: null,
        used_at: null,
        revoked_at: null,
        rev: 1,
      },
    ]);
  });
});
