import { chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../adapters/node/settings.ts";
import { openStores } from "../../adapters/node/stores.ts";
import { ownerFault } from "../../adapters/node/stores-guard.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder, type VaultFolder } from "../helpers/vault-folder.ts";
import { storeTwo, VALUE } from "../helpers/vault-ways.ts";

const PASSPHRASE = "correct horse battery staple";
const SOMEBODY = 65_534;

/** Commands that only look at, or change, what is there. */
const OF_WHAT_IS_THERE: readonly (readonly string[])[] = [
  ["credentials", "list"],
  ["credentials", "rm", "keeper", "api_key"],
  ["vault", "status"],
  ["vault", "rotate"],
  ["vault", "rotate-master"],
  ["vault", "verify"],
  ["vault", "export", "backup"],
  ["audit", "tail"],
  ["audit", "export"],
  ["audit", "export", "--output", "backup"],
  ["audit", "verify"],
];

describe("a data folder that is not there", () => {
  it.each(OF_WHAT_IS_THERE)("is named and not made by %s %s", async (...args) => {
    const { dataDir, env } = makeVaultFolder();
    const { status, stdout, stderr } = await runHere(args.filter(Boolean), {
      ...env,
      MCP_BACKUP_PASSPHRASE: PASSPHRASE,
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: `mcp-plugin-server: There is no database ${dataDir}/server.db, so there is no vault: does MCP_DATA_DIR (${dataDir}) name the server's data folder? A first start, "credentials set" and "vault import" make one.\n`,
    });
    expect(existsSync(dataDir)).toBe(false);
    expect(existsSync("backup")).toBe(false);
  });

  it("is left as it is when it is empty", async () => {
    const { dataDir, env } = makeVaultFolder();
    mkdirSync(dataDir);
    expect((await runHere(["vault", "verify"], env)).status).toBe(2);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("is not made for a database elsewhere, when the master key should be in it", async () => {
    const { dataDir, env, path } = makeVaultFolder();
    const elsewhere = { ...env, DATABASE_URL: `file:${join(path, "elsewhere.db")}` };
    await storeTwo(elsewhere);
    const wrong = { ...elsewhere, MCP_DATA_DIR: `${dataDir}-wrong` };
    const { status, stderr } = await runHere(["vault", "verify"], wrong);
    expect(status).toBe(2);
    expect(stderr).toBe(
      `mcp-plugin-server: There is no folder ${dataDir}-wrong, and so no master key: does MCP_DATA_DIR name the server's data folder?\n`,
    );
    expect(existsSync(wrong.MCP_DATA_DIR)).toBe(false);
    expect((await runHere(["vault", "verify"], elsewhere)).stdout).toBe("ok    2 credentials\n");
  });

  it("is made by a command that stores something", async () => {
    const first = makeVaultFolder();
    const set = ["credentials", "set", "keeper", "api_key"];
    expect((await runHere(set, first.env, VALUE)).status).toBe(0);
    const file = join(first.path, "backup");
    const withPassphrase = { MCP_BACKUP_PASSPHRASE: PASSPHRASE };
    await runHere(["vault", "export", file], { ...first.env, ...withPassphrase });
    const second = makeVaultFolder();
    const taken = await runHere(["vault", "import", file], { ...second.env, ...withPassphrase });
    expect(taken).toMatchObject({ status: 0, stderr: "Stored 1 credentials.\n" });
  });
});

describe("whose data they are", () => {
  const ourUid = process.getuid!();
  const settingsOf = ({ env }: VaultFolder) => readSettings({ ...env });

  it("is told by the files in it", async () => {
    const folder = makeVaultFolder();
    await storeTwo(folder.env);
    const settings = settingsOf(folder);
    expect(ownerFault(settings)).toBeNull();
    const fault = `${folder.dataDir}/server.db belongs to another user (${ourUid})`;
    expect(ownerFault(settings, ourUid + 1)).toContain(fault);
    expect(ownerFault({ ...settings, databaseUrl: "libsql://db.example" }, ourUid + 1)).toContain(
      `${folder.dataDir}/master.key belongs to another user (${ourUid})`,
    );
  });

  it("is told by nothing where nothing is", () => {
    const folder = makeVaultFolder();
    expect(ownerFault(settingsOf(folder), 0)).toBeNull();
    mkdirSync(folder.dataDir);
    // Somebody who is not root could not use it, unless that is meant.
    expect(ownerFault(settingsOf(folder), ourUid + 1)).toBeNull();
  });
});

// Only root can give files away.
describe.runIf(process.getuid?.() === 0)("a data folder of another user's", () => {
  async function giveAway(): Promise<VaultFolder> {
    const folder = makeVaultFolder();
    await storeTwo(folder.env);
    chownAll(folder.dataDir, SOMEBODY);
    return folder;
  }

  const refusal = ({ dataDir }: VaultFolder) =>
    `mcp-plugin-server: ${dataDir}/server.db belongs to another user (65534), and files that this makes would be closed to that one: run it as that user, with sudo -u '#65534'.\n`;

  it.each([
    ...OF_WHAT_IS_THERE,
    ["credentials", "set", "keeper", "api_key"],
    ["vault", "import", "backup"],
  ])("is left alone by %s %s", async (...args) => {
    const folder = await giveAway();
    const before = readdirSync(folder.dataDir, { recursive: true });
    const { status, stdout, stderr } = await runHere(args.filter(Boolean), folder.env, VALUE);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: refusal(folder) });
    expect(readdirSync(folder.dataDir, { recursive: true })).toEqual(before);
  });

  it("is left alone when nothing is in it yet", async () => {
    const { dataDir, env } = makeVaultFolder();
    mkdirSync(dataDir);
    chownSync(dataDir, SOMEBODY, SOMEBODY);
    const set = ["credentials", "set", "keeper", "api_key"];
    const { status, stderr } = await runHere(set, env, VALUE);
    expect(status).toBe(2);
    expect(stderr).toContain(`${dataDir} belongs to another user (65534)`);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("is used when the files in it are ours: a mounted volume's folder is its mounter's", async () => {
    const folder = makeVaultFolder();
    await storeTwo(folder.env);
    chownSync(folder.dataDir, SOMEBODY, SOMEBODY);
    expect((await runHere(["vault", "verify"], folder.env)).status).toBe(0);
    expect((await runHere(["audit", "verify"], folder.env)).status).toBe(0);
  });

  it("is served with a warning", async () => {
    const folder = await giveAway();
    const logger = createRecordingLogger();
    const stores = await openStores(readSettings({ ...folder.env }), logger);
    await stores.close();
    expect(logger.records.filter(({ level }) => level === "warn")).toMatchObject([
      { message: expect.stringContaining("belongs to another user (65534)") as string },
    ]);
  });

  it("is what doctor finds", async () => {
    const folder = await giveAway();
    const { status, stdout } = await runHere(["doctor"], folder.env);
    expect(status).toBe(2);
    expect(stdout).toContain(
      `FAIL  data folder ${folder.dataDir}\n      ${folder.dataDir}/server.db belongs to another user (65534)`,
    );
  });
});

function chownAll(folder: string, uid: number): void {
  for (const name of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    chownSync(join(folder, name), uid, uid);
  }
}
