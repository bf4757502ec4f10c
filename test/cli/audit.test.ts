import Sqlite from "better-sqlite3";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AuditRecord } from "../../src/index.ts";
import { startNodeServer } from "../helpers/node-server.ts";
import { bareEnvironment, ROOT, runHere, startProcess } from "../helpers/server-process.ts";
import { keptDigest, makeVaultFolder, type VaultFolder } from "../helpers/vault-folder.ts";
import { storeTwo, VALUE } from "../helpers/vault-ways.ts";

type Run = Awaited<ReturnType<typeof runHere>>;

const audit = ({ env }: Pick<VaultFolder, "env">, ...args: readonly string[]) =>
  runHere(["audit", ...args], env);
const recordsOf = ({ stdout }: Run) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditRecord);

/** A folder in which two credentials were set, by a command each. */
async function makeRecord(): Promise<VaultFolder> {
  const folder = makeVaultFolder();
  await storeTwo(folder.env);
  return folder;
}

describe("audit tail", () => {
  it("prints the last records, oldest first, for people and for programs", async () => {
    const folder = await makeRecord();
    const all = recordsOf(await audit(folder, "tail", "--json"));
    expect(
      all.map(({ actor, action, outcome, instanceId, subject }) => [
        actor,
        action,
        outcome,
        instanceId,
        subject,
      ]),
    ).toEqual([
      ["system", "chain.open", "ok", null, null],
      ["user:local", "credential.write", "started", "keeper", "shared/api_key"],
      ["user:local", "credential.write", "ok", "keeper", "shared/api_key"],
      ["system", "chain.close", "ok", null, null],
      ["system", "chain.open", "ok", null, null],
      ["user:local", "credential.write", "started", "spare", "shared/endpoint"],
      ["user:local", "credential.write", "ok", "spare", "shared/endpoint"],
      ["system", "chain.close", "ok", null, null],
    ]);
    const two = await audit(folder, "tail", "-n", "2");
    expect(two).toMatchObject({ status: 0, stderr: "" });
    expect(
      two.stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split("  ").slice(0, 6)),
    ).toEqual(
      all
        .slice(-2)
        .map(({ time, actor, action, outcome, instanceId, subject }) => [
          new Date(time).toISOString(),
          actor,
          action,
          outcome,
          instanceId ?? "-",
          subject ?? "-",
        ]),
    );
    expect((await audit(folder, "tail", "-n", "0")).stdout).toBe("");
    expect(two.stdout + JSON.stringify(all)).not.toContain(VALUE);
  });

  it("leaves no trace of itself, and needs no master key", async () => {
    const folder = await makeRecord();
    const before = (await audit(folder, "export")).stdout;
    await audit(folder, "tail");
    await audit(folder, "verify");
    expect((await audit(folder, "export")).stdout).toBe(before);
  });

  it.each([
    [["--actor", "user:local"], 4],
    [["--action", "credential.write", "--outcome", "ok"], 2],
    [["--plugin", "spare"], 2],
    [["--plugin", "nobody"], 0],
    [["--since", "1h"], 8],
    [["--until", "1h"], 0],
    [["--since", "2099-01-01"], 0],
    [["--until", "2099-01-01T00:00:00Z", "--actor", "system"], 4],
  ])("takes %j for a filter", async (flags, count) => {
    const folder = await makeRecord();
    expect(recordsOf(await audit(folder, "tail", "--json", ...flags))).toHaveLength(count);
    expect(recordsOf(await audit(folder, "export", ...flags))).toHaveLength(count);
  });

  it.each([
    [["--since", "yesterday"], "It must be a date or time"],
    [["--outcome", "good"], "Allowed choices are started, ok, refused, failed."],
    [["-n", "many"], "It must be a number."],
  ])("refuses %j", async (flags, message) => {
    const { status, stderr } = await audit(makeVaultFolder(), "tail", ...flags);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });

  it.each(["tail", "export"])("names each outcome once in the help of %s", async (command) => {
    const { stdout } = await audit(makeVaultFolder(), command, "--help");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      '--outcome <outcome> how it went (choices: "started", "ok", "refused", "failed")',
    );
  });

  it("reads the journal where the database is gone", async () => {
    const folder = await makeRecord();
    const all = await audit(folder, "tail");
    rmSync(join(folder.dataDir, "server.db"));
    expect(await audit(folder, "tail")).toEqual(all);
    expect(existsSync(join(folder.dataDir, "server.db"))).toBe(false);
  });

  it("follows what a server records", async () => {
    const folder = await makeRecord();
    const tail = startProcess(["audit", "tail", "-n", "1", "--follow"], {
      cwd: folder.path,
      env: folder.env,
    });
    onTestFinished(async () => {
      tail.child.kill("SIGKILL");
      await tail.exited;
    });
    await tail.printed("chain.close");
    const server = await startNodeServer(folder.env);
    await keptDigest(server);
    await tail.printed("plugin:keeper  credential.read  ok  keeper  shared/api_key");
    const response = await fetch(`${server.url}/api/plugins`);
    expect(response.status).toBe(401);
    await tail.printed("client:anonymous  auth.refused  refused  -  GET /api/plugins");
    expect(tail.stdout().split("chain.close")).toHaveLength(2);
  });
});

describe("audit export", () => {
  it("prints all records, in the order in which they were written", async () => {
    const folder = await makeRecord();
    const records = recordsOf(await audit(folder, "export"));
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(records).toEqual(recordsOf(await audit(folder, "tail", "--json")));
  });

  it("ends without a word when nobody reads on", async () => {
    const { path, env } = await makeRecord();
    const command = `"${process.execPath}" "${join(ROOT, "adapters/node/main.ts")}" audit export | true`;
    const { status, stderr } = spawnSync("sh", ["-c", command], {
      cwd: path,
      env: bareEnvironment(path, env),
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("writes a table for people into a new file", async () => {
    const folder = await makeRecord();
    const file = join(folder.path, "audit.csv");
    const flags = ["--format", "csv", "--output", file];
    expect(await audit(folder, "export", ...flags)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: `Wrote ${file} (8 records).\n`,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = readFileSync(file, "utf8").trimEnd().split("\r\n");
    expect(lines[0]).toBe(
      "time,chain,seq,actor,action,instance,subject,outcome,request,detail,previous,mac",
    );
    expect(lines).toHaveLength(9);
    const again = await audit(folder, "export", ...flags);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain(`${file} is there already`);
  });
});

describe("audit verify", () => {
  it("finds nothing wrong with what nobody has changed, also beside a server", async () => {
    const folder = await makeRecord();
    expect(await audit(folder, "verify")).toMatchObject({
      status: 0,
      stdout: "ok    16 records in 2 stores, of 2 chains (0 open)\n",
      stderr: "",
    });
    const server = await startNodeServer(folder.env);
    await keptDigest(server);
    const beside = await audit(folder, "verify", "--json");
    expect(beside.status).toBe(0);
    expect(JSON.parse(beside.stdout)).toMatchObject({
      ok: true,
      stores: 2,
      chains: 3,
      openChains: 1,
      faults: [],
    });
  });

  it("names a record that was changed in the database, and exits with 2", async () => {
    const folder = await makeRecord();
    const [, second] = recordsOf(await audit(folder, "export"));
    const database = new Sqlite(join(folder.dataDir, "server.db"));
    database
      .prepare("update audit set actor = 'user:nobody' where chain = ? and seq = 2")
      .run(second!.chain);
    database.close();
    const { status, stdout } = await audit(folder, "verify");
    expect(status).toBe(2);
    expect(stdout).toMatch(new RegExp(`^FAULT edited ${second!.chain} 2 in database:`));
    const json = await audit(folder, "verify", "--json");
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      faults: [{ kind: "edited", store: "database", chain: second!.chain, seq: 2, count: 1 }],
    });
  });

  it("names a line that was taken out of the journal", async () => {
    const folder = await makeRecord();
    const [name] = readdirSync(join(folder.dataDir, "audit")).toSorted();
    const file = join(folder.dataDir, "audit", name!);
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.toSpliced(1, 1).join("\n"));
    const { status, stdout } = await audit(folder, "verify", "--json");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      faults: [{ kind: "missing", store: expect.stringMatching(/^journal:/), seq: 2, count: 1 }],
    });
  });

  it("knows from the anchor file when both stores were cut", async () => {
    const folder = makeVaultFolder();
    const env = { ...folder.env, MCP_AUDIT_ANCHOR_FILE: join(folder.path, "elsewhere/heads") };
    await storeTwo(env);
    const records = recordsOf(await runHere(["audit", "export"], env));
    const { chain } = records.at(-1)!;
    writeFileSync(
      join(folder.dataDir, "audit", `${chain}.jsonl`),
      readFileSync(join(folder.dataDir, "audit", `${chain}.jsonl`), "utf8")
        .split("\n")
        .slice(0, 2)
        .join("\n")
        .concat("\n"),
    );
    const database = new Sqlite(join(folder.dataDir, "server.db"));
    database.prepare("delete from audit where chain = ? and seq > 2").run(chain);
    database.close();
    expect((await runHere(["audit", "verify"], folder.env)).status).toBe(0);
    const { status, stdout } = await runHere(["audit", "verify"], env);
    expect(status).toBe(2);
    expect(stdout).toContain(`FAULT tail-cut ${chain} 3-4`);
  });

  it("says so when there is nothing to check, or no key to check it with", async () => {
    const folder = makeVaultFolder();
    mkdirSync(join(folder.dataDir, "audit"), { recursive: true });
    const nothing = await audit(folder, "verify");
    expect([nothing.status, nothing.stderr]).toEqual([
      2,
      `mcp-plugin-server: There is no audit record in ${folder.dataDir} that could be checked: its key is made with the first record.\n`,
    ]);
    const record = await makeRecord();
    const env = { ...record.env, MCP_MASTER_KEY: "02".repeat(32) };
    const wrong = await runHere(["audit", "verify", "--json"], env);
    expect(wrong.status).toBe(2);
    expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: "VAULT_KEY_WRONG" } });
  });
});
