import Sqlite from "better-sqlite3";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { VaultStatus } from "../../src/index.ts";
import { digestOf } from "../helpers/vault-folder.ts";
import { VALUE, WAYS, type OpenedVaultFolder } from "../helpers/vault-ways.ts";

const OLD_KEY = "01".repeat(32);
const HOW_TO_ROTATE =
  /^mcp-plugin-server: The master key comes from MCP_MASTER_KEY, so it is replaced there: set MCP_MASTER_KEY to the new key .+MCP_MASTER_KEY_PREVIOUS to the old one, restart/;

const statusOf = async ({ vault }: OpenedVaultFolder) =>
  JSON.parse((await vault(["status", "--json"])).stdout) as VaultStatus;
const keyFiles = ({ dataDir }: OpenedVaultFolder) =>
  readdirSync(dataDir).filter((name) => name.startsWith("master.key"));
const keyOf = ({ instances }: VaultStatus, id: string) =>
  instances.find(({ instanceId }) => instanceId === id)!.dataKeyId;

describe.each(WAYS)("vault, $way", ({ open }) => {
  it("tells its state, for programs and for people", async () => {
    const opened = await open();
    const status = await statusOf(opened);
    expect(status).toMatchObject({ driver: "database", masterRotationPending: false });
    expect(status.masterKeyId).toMatch(/^[0-9a-f]{16,}$/);
    expect(
      status.instances
        .filter(({ instanceId }) => !instanceId.startsWith("$"))
        .map(({ instanceId, credentials, pending }) => ({ instanceId, credentials, pending })),
    ).toEqual([
      { instanceId: "keeper", credentials: 1, pending: 0 },
      { instanceId: "spare", credentials: 1, pending: 0 },
    ]);
    const { stdout } = await opened.vault(["status"]);
    expect(stdout).toContain(`driver        database\nmaster key    ${status.masterKeyId}\n`);
    expect(stdout).toContain(
      `\nkeeper\n  credentials 1\n  data key    ${keyOf(status, "keeper")} of 20`,
    );
  });

  it("gives one plugin, or all, a new data key, and the credentials stay", async () => {
    const opened = await open();
    const before = await statusOf(opened);
    expect(await opened.vault(["rotate", "keeper"])).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "The data key of keeper is a new one.\n",
    });
    const between = await statusOf(opened);
    expect(keyOf(between, "keeper")).not.toBe(keyOf(before, "keeper"));
    expect(keyOf(between, "spare")).toBe(keyOf(before, "spare"));

    const all = await opened.vault(["rotate", "--json"]);
    expect(all).toMatchObject({ status: 0, stdout: '{"rotated":null}\n', stderr: "" });
    expect(keyOf(await statusOf(opened), "spare")).not.toBe(keyOf(before, "spare"));
    expect(await opened.digest()).toBe(digestOf(VALUE));
  });

  it("has no data key of a plugin that nobody has stored anything for", async () => {
    const opened = await open();
    const { status, stderr } = await opened.vault(["rotate", "nobody", "--json"]);
    expect([status, JSON.parse(stderr)]).toMatchObject([2, { error: { code: "NOT_FOUND" } }]);
  });

  it("replaces the master key in the data folder, and the credentials stay", async () => {
    const opened = await open();
    const before = await statusOf(opened);
    const key = readFileSync(join(opened.dataDir, "master.key"), "utf8");
    const rotated = await opened.vault(["rotate-master", "--json"]);
    const after = await statusOf(opened);
    expect(rotated).toMatchObject({
      status: 0,
      stdout: `${JSON.stringify({ masterKeyId: after.masterKeyId })}\n`,
      stderr: "",
    });
    expect(after.masterKeyId).not.toBe(before.masterKeyId);
    expect(after.masterRotationPending).toBe(false);
    expect(readFileSync(join(opened.dataDir, "master.key"), "utf8")).not.toBe(key);
    expect(keyFiles(opened)).toEqual(["master.key", "master.key.previous"]);
    expect(readFileSync(join(opened.dataDir, "master.key.previous"), "utf8")).toBe(key);
    expect(await opened.digest()).toBe(digestOf(VALUE));
  });

  it("says that the master key is gone, and makes no other", async () => {
    const opened = await open();
    const path = join(opened.dataDir, "master.key");
    const key = readFileSync(path, "utf8");
    rmSync(path);
    for (const command of ["status", "rotate-master"]) {
      const { status, stderr } = await opened.vault([command]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/put the file .+ back|The master key is not the one that/);
      expect(keyFiles(opened)).toEqual([]);
    }
    writeFileSync(path, key, { mode: 0o600 });
    expect(await opened.vault(["verify"])).toMatchObject({ status: 0 });
    expect(await opened.digest()).toBe(digestOf(VALUE));
  });

  it("says how to replace a master key that the environment holds", async () => {
    const opened = await open({ MCP_MASTER_KEY: OLD_KEY });
    const { status, stdout, stderr } = await opened.vault(["rotate-master"]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(HOW_TO_ROTATE);
    expect(await opened.digest()).toBe(digestOf(VALUE));
  });

  it("opens every credential when it is verified", async () => {
    const opened = await open();
    expect(await opened.vault(["verify"])).toMatchObject({
      status: 0,
      stdout: "ok    2 credentials\n",
      stderr: "",
    });
    const { stdout } = await opened.vault(["verify", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, checked: 2, faults: [] });
  });

  it("names a credential that is damaged, and exits with 2", async () => {
    const opened = await open();
    const database = new Sqlite(join(opened.dataDir, "server.db"));
    database
      .prepare(
        "update sealed_credentials set sealed = substr(sealed, 1, length(sealed) - 4) || 'AAAA' where instance_id = ?",
      )
      .run("keeper");
    database.close();
    const verified = await opened.vault(["verify", "--json"]);
    expect(verified.status).toBe(2);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: false,
      faults: [{ instanceId: "keeper", owner: "shared", name: "api_key" }],
    });
    const { status, stdout } = await opened.vault(["verify"]);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^FAULT keeper shared\/api_key: \S/);
    expect(stdout + verified.stdout).not.toContain(VALUE);
  });
});
