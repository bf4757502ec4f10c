import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { ROOT, runCli } from "../helpers/server-process.ts";

it.each(["bash", "zsh", "fish", "powershell"])("prints a script for %s", (shell) => {
  const { status, stdout } = runCli(["completion", shell], { cwd: ROOT });
  expect(status).toBe(0);
  expect(stdout).toMatch(/complete.*--/);
});

it("prints a script that bash takes", () => {
  const { stdout } = runCli(["completion", "bash"], { cwd: ROOT });
  expect(spawnSync("bash", ["-n"], { input: stdout }).status).toBe(0);
});

it.each([
  [
    ["key", ""],
    ["list", "create", "rotate", "revoke"],
  ],
  [
    ["vault", "rot"],
    ["rotate", "rotate-master"],
  ],
])("completes %j", (words, expected) => {
  const { stdout } = runCli(["complete", "--", ...words], { cwd: ROOT });
  const offered = stdout.split("\n").map((line) => line.split("\t")[0]);
  expect(offered).toEqual(expect.arrayContaining(expected));
});

it("knows no other shell", () => {
  expect(runCli(["completion", "tcsh"], { cwd: ROOT }).status).toBe(1);
});
