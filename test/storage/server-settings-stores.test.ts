import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { createMemoryServerSettings, createServerSettingsRepository } from "../../src/index.ts";
import { serverSettingsStoreContract } from "../contract/server-settings-store.ts";
import { makeDatabase } from "../helpers/database.ts";
import { databaseFile, STORAGE_DRIVERS } from "../helpers/storage-drivers.ts";

for (const { name, open } of STORAGE_DRIVERS) {
  serverSettingsStoreContract(name, async () =>
    createServerSettingsRepository((await open(databaseFile())).db),
  );
}

serverSettingsStoreContract("memory", async () => createMemoryServerSettings());

it.each(["", "{", "[]", "null", "7"])("a row that has %j for values sets nothing", async (text) => {
  const { db } = makeDatabase();
  const store = createServerSettingsRepository(db);
  await store.put({ logLevel: "debug" }, null);
  const { rev } = (await store.read())!;
  await db.run(sql`update server_settings set "values" = ${text}`);
  expect(await store.read()).toEqual({ values: {}, rev });
});
