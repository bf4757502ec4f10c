import Sqlite from "better-sqlite3";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli, runHere } from "../helpers/server-process.ts";
import { digestOf, makeVaultFolder } from "../helpers/vault-folder.ts";
import { digestAfterStart, storeTwo, VALUE } from "../helpers/vault-ways.ts";

const OLD_KEY = "01".repeat(32);
const NEW_KEY = "02".repeat(32);

describe("the master key of a vault", () => {
  const serve = (path: string, env: Readonly<Record<string, string>>) =>
    runCli(["vault", "status", "--json"], { cwd: path, env });

  it("is replaced in the environment by a start that has both", async () => {
    const { env } = makeVaultFolder();
    await storeTwo({ ...env, MCP_MASTER_KEY: OLD_KEY });
    const both = { ...env, MCP_MASTER_KEY: NEW_KEY, MCP_MASTER_KEY_PREVIOUS: OLD_KEY };
    expect(await digestAfterStart(both)).toBe(digestOf(VALUE));
    expect(await digestAfterStart({ ...env, MCP_MASTER_KEY: NEW_KEY })).toBe(digestOf(VALUE));
    const old = await runHere(["vault", "status"], { ...env, MCP_MASTER_KEY: OLD_KEY });
    expect(old).toMatchObject({ status: 2, stdout: "" });
  });

  it("moves from the data folder into the environment the same way", async () => {
    const { env, dataDir } = makeVaultFolder();
    await storeTwo(env);
    const before = readFileSync(join(dataDir, "master.key"), "utf8");
    const both = { ...env, MCP_MASTER_KEY: NEW_KEY, MCP_MASTER_KEY_PREVIOUS: before };
    expect(await digestAfterStart(both)).toBe(digestOf(VALUE));
    expect(await digestAfterStart({ ...env, MCP_MASTER_KEY: NEW_KEY })).toBe(digestOf(VALUE));
  });

  it("is refused at the start when it is another one, and nothing is changed", async () => {
    const { path, env, dataDir } = makeVaultFolder();
    await storeTwo(env);
    const contents = () => {
      const database = new Sqlite(join(dataDir, "server.db"), { readonly: true });
      const tables = ["data_keys", "ledgers", "credentials", "sealed_credentials", "meta"];
      const rows = tables.map((table) => database.prepare(`select * from ${table}`).all());
      database.close();
      return rows;
    };
    const before = contents();
    const wrong = { ...env, MCP_MASTER_KEY: NEW_KEY };
    for (const args of [["serve", "--json"], ["stdio"], ["vault", "rotate"]]) {
      const { status, stdout, stderr } = runCli(args, { cwd: path, env: wrong });
      expect([args, status, stdout]).toEqual([args, 2, ""]);
      expect(stderr).toMatch(/master key/i);
      expect(stderr).toContain("MCP_MASTER_KEY");
    }
    expect(contents()).toEqual(before);
    expect(serve(path, env).status).toBe(0);
  });

  it("is not made anew where a vault is waiting for its own", async () => {
    const { path, env, dataDir } = makeVaultFolder();
    await storeTwo(env);
    rmSync(join(dataDir, "master.key"));
    const { status, stderr } = serve(path, env);
    expect(status).toBe(2);
    expect(stderr).toContain(join(dataDir, "master.key"));
    expect(existsSync(join(dataDir, "master.key"))).toBe(false);
  });
});

it("credentials lie in files when they are to", async () => {
  const folder = makeVaultFolder();
  const env = { ...folder.env, MCP_VAULT: "file" };
  await storeTwo(env);
  expect(existsSync(join(folder.dataDir, "vault"))).toBe(true);
  const { stdout } = await runHere(["vault", "status", "--json"], env);
  expect(JSON.parse(stdout)).toMatchObject({ driver: "file" });
  expect(await digestAfterStart(env)).toBe(digestOf(VALUE));
  const database = new Sqlite(join(folder.dataDir, "server.db"), { readonly: true });
  expect(database.prepare("select count(*) as rows from sealed_credentials").get()).toEqual({
    rows: 0,
  });
  database.close();
});
