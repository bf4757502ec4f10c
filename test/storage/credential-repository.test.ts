import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sql } from "drizzle-orm";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../adapters/node/sqlite.ts";
import { createCredentialRepository } from "../../src/index.ts";
import type { CredentialId } from "../../src/types/vault.ts";
import { credentialDriverContract, type OpenedDriver } from "../contract/credential-driver.ts";
import { databaseFile, STORAGE_DRIVERS, type StorageDriver } from "../helpers/storage-drivers.ts";

async function openDriver(storage: StorageDriver, path: string): Promise<OpenedDriver> {
  const database = await storage.open(path);
  return {
    driver: createCredentialRepository(database),
    reopen: async () => {
      database.close();
      return openDriver(storage, path);
    },
  };
}

for (const storage of STORAGE_DRIVERS) {
  credentialDriverContract(`database, ${storage.name}`, {
    open: () => openDriver(storage, databaseFile()),
    persistent: true,
  });
}

describe("a removed credential in the embedded database", () => {
  const id: CredentialId = { owner: "shared", instanceId: "one", name: "apiKey" };
  // In a page of its own and in a cell of one, over several pages, and short beside others.
  const sealed = ["short", "of-a-page-4711".repeat(300), "of-many-pages".repeat(8_000)].map(
    (text, index) => `v1.canary-${index}-${text}-end-of-canary-${index}`,
  );

  function open() {
    const path = databaseFile();
    const database = openSqlite(path);
    onTestFinished(() => database.close());
    return { path, database, driver: createCredentialRepository(database) };
  }
  /** What of the texts is found in any file beside the database. */
  function found(path: string): string[] {
    const folder = dirname(path);
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    return sealed
      .flatMap((_, index) => [`canary-${index}-`, `end-of-canary-${index}`])
      .filter((mark) => files.some((bytes) => bytes.includes(mark)));
  }

  it("has left none of its text in the database or its log", async () => {
    const { path, driver } = open();
    for (const [index, text] of sealed.entries()) {
      await driver.write({ ...id, name: `name${index}` }, text);
      await driver.write({ ...id, name: `other${index}` }, "v1.another");
    }
    expect(found(path)).toHaveLength(6);
    for (const index of sealed.keys()) await driver.remove({ ...id, name: `name${index}` });
    expect(found(path)).toEqual([]);
    expect(await driver.read({ ...id, name: "other1" })).toBe("v1.another");
  });

  it("has left none of the text that it had before it was last written", async () => {
    const { path, driver } = open();
    for (const text of sealed) await driver.write(id, text);
    await driver.write(id, "v1.last");
    await driver.remove(id);
    expect(found(path)).toEqual([]);
  });

  it("is gone at once while another process reads, and its text when that has ended", async () => {
    const { path, database, driver } = open();
    await driver.write(id, sealed[1]!);
    const other = openSqlite(path);
    await other.db.run(sql.raw("begin"));
    other.db.get(sql.raw("select count(*) from sealed_credentials"));
    const began = performance.now();
    await driver.remove(id);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await driver.read(id)).toBeNull();
    await other.db.run(sql.raw("commit"));
    other.close();
    database.close();
    expect(found(path)).toEqual([]);
  });
});
