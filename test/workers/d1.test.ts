import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { beforeAll } from "vitest";
import * as tables from "../../drizzle/sqlite.ts";
import {
  createAuditRepository,
  createBatches,
  createCredentialRepository,
  createInstanceRepository,
  createServerSettingsRepository,
  createToolSettingsRepository,
  createVaultRepository,
  type VaultDatabase,
} from "../../src/index.ts";
import { auditStoreContract } from "../contract/audit-store.ts";
import { credentialDriverContract, type OpenedDriver } from "../contract/credential-driver.ts";
import { instanceStoreContract } from "../contract/instance-store.ts";
import { serverSettingsStoreContract } from "../contract/server-settings-store.ts";
import { vaultStoreContract } from "../contract/vault-store.ts";

beforeAll(() => applyD1Migrations(env.TEST_DB, env.TEST_MIGRATIONS));

function connect(): VaultDatabase {
  const db = drizzle(env.TEST_DB);
  return { db, atomically: createBatches(db) };
}

/** One database for all tests: each begins with empty tables. */
async function connectToEmpty(): Promise<VaultDatabase> {
  const database = connect();
  for (const table of Object.values(tables)) await database.db.delete(table);
  return database;
}

vaultStoreContract("database, D1", {
  open: async () => ({
    store: createVaultRepository(await connectToEmpty()),
    second: async () => createVaultRepository(connect()),
  }),
});

auditStoreContract("database, D1", {
  open: async () => ({
    store: createAuditRepository(await connectToEmpty()),
    reopen: async () => createAuditRepository(connect()),
  }),
});

serverSettingsStoreContract("D1", async () =>
  createServerSettingsRepository((await connectToEmpty()).db),
);

instanceStoreContract("D1", async () => {
  const { db } = await connectToEmpty();
  return { instances: createInstanceRepository(db), tools: createToolSettingsRepository(db) };
});

const toDriver = (database: VaultDatabase): OpenedDriver => ({
  driver: createCredentialRepository(database),
  reopen: async () => toDriver(connect()),
});
credentialDriverContract("database, D1", {
  open: async () => toDriver(await connectToEmpty()),
  persistent: true,
});
