import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, runCli, temporaryFolder } from "../helpers/server-process.ts";
import { runProgram } from "./programs.ts";

describe("backup.sh", () => {
  const folder = temporaryFolder();
  const data = join(folder.path, "data");
  const backups = join(folder.path, "backups");
  const node = { PATH: `${join(process.execPath, "..")}:${process.env["PATH"]}` };
  const backUp = (...args: string[]) =>
    runProgram("sh", [join(ROOT, "deploy/backup.sh"), ...args], { cwd: folder.path, env: node });
  const cli = (args: readonly string[], dataDir = data, input = "") =>
    runCli(args, { cwd: folder.path, env: { MCP_DATA_DIR: dataDir }, input });

  beforeAll(() => {
    mkdirSync(join(folder.path, "config"));
    writeFileSync(
      join(folder.path, "config/plugins.json"),
      '{ "plugins": { "time": { "package": "./time" } } }',
    );
    const { status, stderr } = cli(
      ["credentials", "set", "time", "key"],
      data,
      "a-secret-of-a-service",
    );
    if (status !== 0) throw new Error(stderr);
  });
  afterAll(() => folder.remove());

  it("copies everything but the master key, for the owner alone", () => {
    const { status, stdout } = backUp(data, backups);
    expect(status).toBe(0);
    const backup = stdout.trim();
    expect(backup).toMatch(new RegExp(`^${backups}/\\d{8}T\\d{6}Z$`));
    expect(readdirSync(backup).toSorted()).toEqual(["audit", "server.db"]);
    const { stdout: modes } = runProgram("find", [backups, "-perm", "/077"]);
    expect(modes).toBe("");
  });

  it("makes what a server with the master key reads, and one without does not", () => {
    const restored = join(folder.path, "restored");
    runProgram("cp", ["-a", join(backups, readdirSync(backups)[0]!), restored]);
    const { status, stderr } = cli(["vault", "verify"], restored);
    expect([status, stderr]).toEqual([2, expect.stringContaining("no master key")]);
    writeFileSync(join(restored, "master.key"), readFileSync(join(data, "master.key")));
    chmodSync(join(restored, "master.key"), 0o600);
    expect(cli(["vault", "verify"], restored)).toMatchObject({
      status: 0,
      stdout: "ok    1 credentials\n",
    });
  });

  it("keeps as many as it is told to, the newest ones, and touches nothing else there", () => {
    for (const name of ["20200101T000000Z", "20200102T000000Z", "mine"]) {
      mkdirSync(join(backups, name));
    }
    expect(backUp(data, backups, "2").status).toBe(0);
    const left = readdirSync(backups).toSorted();
    expect(left).toHaveLength(3);
    expect(left).not.toContain("20200102T000000Z");
    expect(left).toContain("mine");
  });

  it.each([
    ["without arguments", [], 1, "usage"],
    ["with a number that is none", ["data", "backups", "-1"], 1, "no number"],
    ["of a folder that is none", ["nowhere", "backups"], 2, "no database nowhere/server.db"],
  ])("refuses to run %s, and says so", (_case, args, expected, words) => {
    const { status, stderr } = backUp(...args);
    expect([status, stderr]).toEqual([expected, expect.stringContaining(words)]);
  });

  it("leaves nothing behind when the database cannot be copied", () => {
    const broken = join(folder.path, "broken");
    const target = join(folder.path, "none");
    mkdirSync(broken);
    writeFileSync(join(broken, "server.db"), "This is no database. ".repeat(200));
    expect(backUp(broken, target).status).not.toBe(0);
    expect(existsSync(target)).toBe(true);
    expect(readdirSync(target)).toEqual([]);
  });

  // Whoever may become another user may try it.
  it.skipIf(process.getuid?.() !== 0)("is not run as another user than the data's", () => {
    runProgram("chown", ["65534", join(data, "server.db")]);
    const { status, stderr } = backUp(data, backups);
    runProgram("chown", ["0", join(data, "server.db")]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("belongs to another user")]);
  });
});
