import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canary } from "../helpers/canary.ts";
import { runHere } from "../helpers/server-process.ts";
import { digestOf, makeVaultFolder } from "../helpers/vault-folder.ts";
import { digestAfterStart, VALUE, WAYS } from "../helpers/vault-ways.ts";

const PASSPHRASE = canary("correct horse battery staple ");

describe.each(WAYS)("a backup of the vault, $way", ({ open }) => {
  it("writes a backup that its passphrase alone opens, here and elsewhere, over what is there", async () => {
    const opened = await open();
    const file = join(opened.path, "backup");
    const exported = await opened.vault(["export", file], {}, [PASSPHRASE, PASSPHRASE]);
    const bytes = statSync(file).size;
    expect(exported).toEqual({
      status: 0,
      stdout: "",
      stderr: `Wrote ${file} (${bytes} bytes).\n`,
      questions: ["Passphrase of the backup", "Once more"],
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(VALUE);

    const elsewhere = makeVaultFolder();
    await runHere(["credentials", "set", "keeper", "api_key"], elsewhere.env, "key-of-before");
    const take = (typed: readonly string[]) =>
      runHere(["vault", "import", file, "--json"], elsewhere.env, typed);
    const wrong = await take(["another passphrase"]);
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: "BACKUP_INVALID" } });
    const right = await take([PASSPHRASE]);
    expect(right).toMatchObject({ status: 0, stdout: '{"imported":2}\n', stderr: "" });
    expect(await digestAfterStart(elsewhere.env)).toBe(digestOf(VALUE));

    const back = await opened.vault(["import", file], { MCP_BACKUP_PASSPHRASE: PASSPHRASE });
    expect(back).toMatchObject({ status: 0, stdout: "", stderr: "Stored 2 credentials.\n" });
    expect(await opened.digest()).toBe(digestOf(VALUE));
  });

  it("never writes a backup over a file", async () => {
    const opened = await open();
    const file = join(opened.path, "backup");
    writeFileSync(file, "mine");
    const { status, stderr } = await opened.vault(["export", file], {
      MCP_BACKUP_PASSPHRASE: PASSPHRASE,
    });
    expect(status).toBe(2);
    expect(stderr).toContain(`${file} is there already`);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it.each([
    [
      "two passphrases that differ",
      [PASSPHRASE, `${PASSPHRASE}s`],
      "The two passphrases differ. Nothing was written.",
    ],
    ["a short passphrase", ["only eleven"], "The passphrase must have at least 12 characters."],
    ["no passphrase", [null], "There is no passphrase, so nothing was done."],
  ])("writes no backup for %s", async (_, typed, message) => {
    const opened = await open();
    const file = join(opened.path, "backup");
    const { status, stderr } = await opened.vault(["export", file], {}, typed);
    expect([status, stderr]).toEqual([2, `mcp-plugin-server: ${message}\n`]);
    expect(existsSync(file)).toBe(false);
  });

  it("needs a passphrase from somewhere", async () => {
    const opened = await open();
    const { status, stderr } = await opened.vault(["export", join(opened.path, "backup")]);
    expect([status, stderr]).toEqual([
      2,
      "mcp-plugin-server: There is no terminal to ask for the passphrase. Set MCP_BACKUP_PASSPHRASE_FILE or MCP_BACKUP_PASSPHRASE.\n",
    ]);
  });
});
