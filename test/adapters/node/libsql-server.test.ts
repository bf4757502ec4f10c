import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openDatabase, type OpenDatabase } from "../../../adapters/node/database.ts";
import * as tables from "../../../drizzle/sqlite.ts";
import {
  createAuditRepository,
  createCredentialRepository,
  createVaultRepository,
} from "../../../src/index.ts";
import { auditStoreContract } from "../../contract/audit-store.ts";
import { credentialDriverContract, type OpenedDriver } from "../../contract/credential-driver.ts";
import { vaultStoreContract } from "../../contract/vault-store.ts";
import { SQLD, startSqld, type Sqld } from "../../helpers/sqld.ts";

describe.runIf(SQLD !== null).each(["http", "ws"])("libSQL's own server over %s", (scheme) => {
  let folder: string;
  let sqld: Sqld;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mcp-plugin-server-sqld-"));
    sqld = await startSqld(folder);
  });
  afterAll(async () => {
    await sqld.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function connect(): Promise<OpenDatabase> {
    const database = await openDatabase(sqld.url.replace("http", scheme));
    onTestFinished(() => database.close());
    return database;
  }
  /** One server for all tests: each begins with empty tables. */
  async function connectToEmpty(): Promise<OpenDatabase> {
    const database = await connect();
    for (const table of Object.values(tables)) await database.db.delete(table);
    return database;
  }

  it("is ready, and has its tables made once by several who open it at once", async () => {
    const databases = await Promise.all([connect(), connect(), connect()]);
    expect(await Promise.all(databases.map((database) => database.isReady()))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("tells that the server is gone, and goes on when it is back", async () => {
    const own = mkdtempSync(join(folder, "own-"));
    const first = await startSqld(own);
    const database = await openDatabase(first.url.replace("http", scheme));
    const driver = createCredentialRepository(database);
    const store = createVaultRepository(database);
    const id = { owner: "shared", instanceId: "one", name: "apiKey" } as const;
    await driver.write(id, "v1.sealed");
    await first.stop();
    for (const use of [
      () => driver.read(id),
      () => driver.write(id, "v1.lost"),
      () => store.ledgerVersion("one"),
      () => store.commit({ instanceId: "one", from: 0, seal: "s" }),
    ]) {
      await expect(use()).rejects.toMatchObject({ code: "VAULT_UNAVAILABLE" });
    }
    await expect(database.isReady()).rejects.toThrow(Error);

    const second = await startSqld(own, { port: first.port });
    expect(await driver.read(id)).toBe("v1.sealed");
    expect(await store.commit({ instanceId: "one", from: 0, seal: "s" })).toBe(true);
    expect(await database.isReady()).toBe(true);
    database.close();
    await second.stop();
  });

  it("lets in whoever has the token, and says so to who has none, without repeating it", async () => {
    const { publicKey, privateKey } = await generateKeyPair("Ed25519", { extractable: true });
    const own = mkdtempSync(join(folder, "own-"));
    const locked = await startSqld(own, { publicKey: (await exportJWK(publicKey)).x! });
    const token = await new SignJWT({ a: "rw" })
      .setProtectedHeader({ alg: "EdDSA" })
      .sign(privateKey);
    const url = locked.url.replace("http", scheme);
    const database = await openDatabase(url, token);
    expect(await database.isReady()).toBe(true);
    database.close();
    for (const wrong of [null, `${token.slice(0, -6)}AAAAAA`]) {
      const opening = openDatabase(url, wrong);
      await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
      await expect(opening).rejects.not.toThrow(token.slice(0, -6));
    }
    await locked.stop();
  });

  vaultStoreContract("libSQL's server", {
    open: async () => ({
      store: createVaultRepository(await connectToEmpty()),
      second: async () => createVaultRepository(await connect()),
    }),
  });
  auditStoreContract("libSQL's server", {
    open: async () => ({
      store: createAuditRepository(await connectToEmpty()),
      reopen: async () => createAuditRepository(await connect()),
    }),
  });
  const toDriver = (database: OpenDatabase): OpenedDriver => ({
    driver: createCredentialRepository(database),
    reopen: async () => toDriver(await connect()),
  });
  credentialDriverContract("libSQL's server", {
    open: async () => toDriver(await connectToEmpty()),
    persistent: true,
  });
});
