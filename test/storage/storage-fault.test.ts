import { join } from "node:path";
import { sql } from "drizzle-orm";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../adapters/node/database.ts";
import { openSqlite } from "../../adapters/node/sqlite.ts";
import { credentials } from "../../drizzle/sqlite.ts";
import {
  AppError,
  createAuditRepository,
  createCredentialRepository,
  createVaultRepository,
} from "../../src/index.ts";
import { onStore } from "../../src/storage/storage-fault.ts";
import type { CredentialId } from "../../src/types/vault.ts";
import { auditRecord } from "../contract/audit-store.ts";
import { entry, key } from "../contract/vault-store/harness.ts";
import { makeDatabase, makeFolder } from "../helpers/database.ts";
import { openLibsqlFile } from "../helpers/libsql.ts";

const ID: CredentialId = { owner: "shared", instanceId: "one", name: "apiKey" };
const UNAVAILABLE = { code: "VAULT_UNAVAILABLE" };

function makeStores() {
  const database = makeDatabase();
  return {
    database,
    /** No page may be added. What the pages have room for is still taken. */
    limitPages: (count: number) => database.db.get(sql.raw(`pragma max_page_count = ${count}`)),
    store: createVaultRepository(database),
    driver: createCredentialRepository(database),
    audit: createAuditRepository(database),
  };
}

describe("a full disk", () => {
  it("is told, changes nothing, and is over when there is room again", async () => {
    const { database, limitPages, store, driver, audit } = makeStores();
    await driver.write(ID, "old");
    await store.setValue("a", "old", null);
    await store.addDataKey(key("k1"), null, { name: "a", value: "old" });
    await limitPages(1);
    const large = "x".repeat(50_000);
    await expect(driver.write(ID, large)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: "The database failed: database or disk is full",
      cause: { code: "SQLITE_FULL" },
    });
    await expect(store.setValue("a", large, "old")).rejects.toMatchObject(UNAVAILABLE);
    await expect(
      store.commit({ instanceId: "one", from: 0, seal: large, put: entry("a", 1) }),
    ).rejects.toMatchObject(UNAVAILABLE);
    const record = auditRecord("chain", 1, { subject: large });
    await expect(audit.append([record])).rejects.toMatchObject(UNAVAILABLE);

    expect([await driver.read(ID), await store.value("a"), await store.ledger("one")]).toEqual([
      "old",
      "old",
      null,
    ]);
    expect(await database.db.select().from(credentials)).toEqual([]);
    expect(await audit.heads()).toEqual([]);

    await limitPages(1_000_000);
    await driver.write(ID, large);
    expect(
      await store.commit({ instanceId: "one", from: 0, seal: large, put: entry("a", 1) }),
    ).toBe(true);
    await audit.append([record]);
    expect([await driver.read(ID), await store.ledgerVersion("one")]).toEqual([large, 1]);
  });
});

describe("a database that cannot be written to", () => {
  it("is told by every change, is read from, and needs no repair", async () => {
    const { database, store, driver } = makeStores();
    await driver.write(ID, "old");
    await database.db.run(sql.raw("pragma query_only = 1"));
    for (const change of [
      () => driver.write(ID, "new"),
      () => driver.remove(ID),
      () => store.setValue("a", "1", null),
      () => store.setValue("a", "1", "0"),
      () => store.commit({ instanceId: "one", from: 0, seal: "s" }),
      () => store.countUses("k", 1, 2),
      () => store.removeDataKey("k"),
    ]) {
      await expect(change()).rejects.toMatchObject({
        ...UNAVAILABLE,
        cause: { code: "SQLITE_READONLY" },
      });
    }
    expect(await driver.read(ID)).toBe("old");
    await database.db.run(sql.raw("pragma query_only = 0"));
    await driver.write(ID, "new");
    expect(await driver.read(ID)).toBe("new");
  });

  it("is told when another process keeps it locked, and is over with the lock", async () => {
    const path = join(makeFolder(), "a.db");
    const [one, other] = [openSqlite(path), openSqlite(path)];
    onTestFinished(() => {
      one.close();
      other.close();
    });
    one.db.get(sql.raw("pragma busy_timeout = 10"));
    const driver = createCredentialRepository(one);
    await other.db.run(sql.raw("begin immediate"));
    await expect(driver.write(ID, "new")).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: { code: "SQLITE_BUSY" },
    });
    expect(await driver.read(ID)).toBeNull();
    await other.db.run(sql.raw("rollback"));
    await driver.write(ID, "new");
    expect(await driver.read(ID)).toBe("new");
  });
});

describe("libSQL", () => {
  it("tells of a full disk as better-sqlite3 does, and repeats no parameter", async () => {
    const database = await openLibsqlFile(join(makeFolder(), "a.db"));
    onTestFinished(() => database.close());
    await database.client.execute("pragma max_page_count = 1");
    const large = "sealed-4711".repeat(5_000);
    const writing = createCredentialRepository(database).write(ID, large);
    const error = await writing.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...UNAVAILABLE, cause: { code: "SQLITE_FULL" } });
    expect(fullText(error)).not.toContain("4711");
  });

  it("tells that the server refuses connections", async () => {
    // Nobody listens on port 9, and each attempt is refused at once.
    const url = "http://127.0.0.1:9";
    await expect(openDatabase(url)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(
        "The database that DATABASE_URL names cannot be opened: ",
      ) as string,
    });
  });
});

describe("what is thrown at the database", () => {
  it.each([
    ["libSQL's server has failed", { code: "SERVER_ERROR" }],
    ["libSQL's connection is gone", { code: "HRANA_WEBSOCKET_ERROR" }],
    ["libSQL's client is closed", { code: "CLIENT_CLOSED" }],
    ["the disk failed in a way of many", { code: "SQLITE_IOERR_FSYNC" }],
    ["the network failed, as undici says it", { cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }],
    ["the connection was refused", { cause: { code: "ECONNREFUSED" } }],
    ["the server took too long", { name: "TimeoutError" }],
  ])("is the store's fault when %s", async (_what, { cause, ...fields }: Fields) => {
    const error = errorWith(fields, cause && errorWith(cause));
    await expect(onStore(() => Promise.reject(error))).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: error,
    });
  });

  it.each([
    ["a constraint", errorWith({ code: "SQLITE_CONSTRAINT_UNIQUE" })],
    ["bad SQL", errorWith({ code: "SQLITE_ERROR" })],
    ["a mistake", new TypeError("undefined is not a function")],
    ["an error of ours", new AppError("CONFLICT", "SQL_BUSY")],
    ["no error at all", "text"],
  ])("stays what it is when it is %s", async (_what, error) => {
    await expect(
      onStore(() => {
        throw error;
      }),
    ).rejects.toBe(error);
  });
});

type Fields = { code?: string; name?: string; cause?: { code: string } };

function errorWith(fields: Omit<Fields, "cause">, cause?: Error): Error {
  return Object.assign(new Error("failed", { cause }), fields);
}

/** Everything of an error that a log would show. */
function fullText(error: unknown): string {
  return error instanceof Error ? `${error.stack}\n${fullText(error.cause)}` : String(error);
}
