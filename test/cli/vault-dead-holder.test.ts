import Sqlite from "better-sqlite3";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCli } from "../helpers/server-process.ts";
import { digestOf, makeVaultFolder } from "../helpers/vault-folder.ts";
import { digestAfterStart, storeTwo } from "../helpers/vault-ways.ts";

it("waits for the turn that a killed process still holds, and does what it was told then", async () => {
  const { path, env, dataDir } = makeVaultFolder();
  await storeTwo(env);
  const database = new Sqlite(join(dataDir, "server.db"));
  const held = database
    .prepare("update meta set value = 'somebody.1.held' where name = 'vault.lease.keeper'")
    .run();
  database.close();
  expect(held.changes).toBe(1);
  const args = ["credentials", "set", "keeper", "api_key"];
  expect(runCli(args, { cwd: path, env, input: "key-after" })).toMatchObject({ status: 0 });
  expect(await digestAfterStart(env)).toBe(digestOf("key-after"));
});
