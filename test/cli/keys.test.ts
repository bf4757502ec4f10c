import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";
import { storeTwo } from "../helpers/vault-ways.ts";

const ID = "[0-9a-f-]{36}";

describe.each(["through the server that runs", "on the data folder"])("key, %s,", (way) => {
  async function open() {
    const folder = makeVaultFolder();
    await storeTwo(folder.env);
    const server = way === "on the data folder" ? null : await startNodeServer(folder.env);
    const env = { ...folder.env, ...(server && { MCP_ADMIN_TOKEN: server.adminToken }) };
    const key = (...args: string[]) => runHere(["key", ...args], env);
    return { key };
  }

  it("makes keys of which the secret alone goes to stdout, and lists them without", async () => {
    const { key } = await open();
    const made = await key("create", "laptop", "--plugin", "keeper", "--read-only", "--rate", "60");
    expect(made.status).toBe(0);
    expect(made.stdout).toMatch(/^mcpk_[A-Za-z0-9_-]{43}\n$/);
    expect(made.stderr).toMatch(
      new RegExp(`^Made ${ID} \\(laptop\\)\\. It is shown this once\\.\n$`),
    );
    const listed = await key("list");
    expect(listed.stdout).toMatch(/^ID +NAME +MAY +USED +EXPIRES\n/);
    expect(listed.stdout).toMatch(/laptop +plugins keeper; read only +never +-\n/);
    expect(listed.stdout).not.toContain(made.stdout.trim());
    const [first] = JSON.parse((await key("list", "--json")).stdout);
    expect(first).toMatchObject({ name: "laptop", plugins: ["keeper"], callsPerMinute: 60 });
  });

  it.each([
    ["client", "key list", []],
    ["token", "key list --admin", ["--admin"]],
  ])("says where to look for a %s that is not there", async (what, list, flags) => {
    const { key } = await open();
    for (const command of ["rotate", "revoke"]) {
      const { status, stderr } = await key(command, "nobody", ...flags);
      expect([status, stderr]).toEqual([
        2,
        `mcp-plugin-server: There is no ${what} "nobody" now. "mcp-plugin-server ${list}" shows those that there are.\n`,
      ]);
    }
  });

  it("makes tokens of the admin API, with roles", async () => {
    const { key } = await open();
    const { stdout } = await key("create", "ops", "--admin", "--role", "operator", "--json");
    const made = JSON.parse(stdout);
    expect(made).toMatchObject({ name: "ops", scopes: ["operator"] });
    expect(made.secret).toMatch(/^mcpa_/);
    expect((await key("list", "--admin")).stdout).toMatch(/ops +operator/);
    const wrong = await key("create", "x", "--admin", "--role", "root");
    expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
  });

  it("gives one another secret, and ends it", async () => {
    const { key } = await open();
    const { id, secret } = JSON.parse((await key("create", "a", "--json")).stdout);
    const rotated = await key("rotate", id);
    expect(rotated.stdout).toMatch(/^mcpk_/);
    expect(rotated.stdout.trim()).not.toBe(secret);
    expect(await key("revoke", id)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: `Revoked ${id}. What it had opened ends within a minute.\n`,
    });
    expect((await key("revoke", id)).status).toBe(2);
  });

  it.each([
    [["create"], 1],
    [["create", "a", "--rate", "0"], 1],
    [["create", "a", "--role", "operator"], 1],
    [["create", "a", "--admin", "--plugin", "keeper"], 1],
    [["create", "a", "--admin", "--tool", "keeper_digest"], 1],
    [["create", "a", "--admin", "--read-only"], 1],
    [["create", "a", "--admin", "--owner", "client:a"], 1],
    [["create", "a", "--admin", "--rate", "5"], 1],
    [["create", "a", "--expires", "soon"], 1],
    [["create", "a", "--plugin", "../etc"], 2],
    [["rotate", "nobody"], 2],
    [["nonsense"], 1],
  ])("refuses %j", async (args, status) => {
    const { key } = await open();
    const { status: answered, stdout } = await key(...args);
    expect([answered, stdout]).toEqual([status, ""]);
  });
});

it("shows that a key whose stored rights are damaged may do nothing, and revokes it", async () => {
  const { env, dataDir } = makeVaultFolder();
  await storeTwo(env);
  const { id } = JSON.parse((await runHere(["key", "create", "laptop", "--json"], env)).stdout);
  const database = new Sqlite(join(dataDir, "server.db"));
  database.prepare("update clients set scopes = 'mcp' where id = ?").run(id);
  database.close();
  expect((await runHere(["key", "list"], env)).stdout).toMatch(/laptop +nothing +never +-\n/);
  expect((await runHere(["key", "revoke", id], env)).status).toBe(0);
  expect((await runHere(["key", "list"], env)).stdout).not.toContain("laptop");
});

it("makes no data folder", async () => {
  const { env } = makeVaultFolder();
  expect((await runHere(["key", "list"], env)).status).toBe(2);
});
