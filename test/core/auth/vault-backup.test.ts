import { describe, expect, it } from "vitest";
import { openBackup, sealBackup } from "../../../src/core/auth/backup-text.ts";
import { readBackupContent, writeBackupContent } from "../../../src/core/auth/backup-content.ts";
import type { Vault, VaultProgress } from "../../../src/index.ts";
import { utf8 } from "../../../src/util/bytes.ts";
import { codesOf, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const work = { actor: TEST_ACTOR };
const PASSPHRASE = utf8("correct horse battery staple");
/** The least that is read: what is wrong beside the passphrase shows at any cost. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);

const listing = {
  owner: "shared",
  instanceId: "one",
  name: "key",
  createdAt: 1_000,
  updatedAt: 2_000,
} as const;
const cheaply = (content: Uint8Array, passphrase = PASSPHRASE) =>
  sealBackup(content, passphrase, { now: 5, cost: COST });
const sealed = (fields: object = {}) =>
  cheaply(writeBackupContent([{ ...listing, secret: utf8("value"), ...fields }]));

/** A character of base64 that is not this one. */
const other = (one: string) => (one === "A" ? "B" : "A");

describe("a backup", () => {
  it("takes all credentials, with owners, names and dates, to a vault with another master key", async () => {
    const clock = { now: 1_000 };
    const time = { now: () => clock.now, elapsed: () => 0, after: () => () => undefined };
    const from = await openTestVault({ time });
    await of(from.vault).storeCredential("one", "key", "of all");
    await from.vault.for("user:h:zoe", TEST_ACTOR).storeCredential("one", "key", "of zoe");
    await from.vault
      .reserved("shared", TEST_ACTOR)
      .storeCredential("two", "$token", "the server's");
    await of(from.vault).storeCredentialBytes("two", "bytes", Uint8Array.of(0, 255, 1));
    clock.now = 2_000;
    await of(from.vault).storeCredential("one", "key", "of all, newer");
    const progress: VaultProgress[] = [];
    const onProgress = (each: VaultProgress) => progress.push(each);
    const backup = await from.vault.exportBackup({ ...work, passphrase: PASSPHRASE, onProgress });
    expect(progress).toEqual([0, 1, 2, 3, 4].map((done) => ({ done, total: 4 })));
    for (const secret of ["newer", "of zoe", "server's"]) {
      expect(backup).not.toContain(secret);
      expect(backup).not.toContain(btoa(secret).slice(0, 6));
    }

    const to = await openTestVault();
    await of(to.vault).storeCredential("one", "key", "what was here");
    await of(to.vault).storeCredential("one", "stays", "this");
    const heard: string[] = [];
    to.vault.onChange(({ owner, name }) => heard.push(`${owner} ${name}`));
    expect(await to.vault.importBackup({ ...work, passphrase: PASSPHRASE, backup })).toEqual({
      imported: 4,
    });
    expect(heard.toSorted()).toEqual([
      "shared $token",
      "shared bytes",
      "shared key",
      "user:h:zoe key",
    ]);
    expect(await of(to.vault).retrieveCredential("one", "key")).toBe("of all, newer");
    expect(await of(to.vault).retrieveCredential("one", "stays")).toBe("this");
    const zoe = to.vault.for("user:h:zoe", TEST_ACTOR);
    expect(await zoe.retrieveCredential("one", "key")).toBe("of zoe");
    const reserved = to.vault.reserved("shared", TEST_ACTOR);
    expect(await reserved.retrieveCredential("two", "$token")).toBe("the server's");
    expect(await of(to.vault).useCredential("two", "bytes", (bytes) => [...bytes])).toEqual({
      value: [0, 255, 1],
    });
    expect((await of(to.vault).listings("one"))[0]).toEqual({
      ...listing,
      createdAt: 1_000,
      updatedAt: 2_000,
    });
    expect(
      to.sink.records
        .filter(({ action }) => action === "vault.import")
        .map(({ outcome, detail }) => [outcome, detail]),
    ).toEqual([
      ["started", {}],
      ["ok", { imported: 4 }],
    ]);
    expect(from.sink.records.filter(({ detail }) => detail["for"] === "vault.export").length).toBe(
      4,
    );
  }, 60_000);

  it("of nothing holds nothing", async () => {
    const { vault } = await openTestVault();
    const backup = await vault.exportBackup({ ...work, passphrase: PASSPHRASE });
    expect(await vault.importBackup({ ...work, passphrase: PASSPHRASE, backup })).toEqual({
      imported: 0,
    });
  }, 60_000);

  it("says how it is sealed, and costs who guesses 128 MiB", async () => {
    const backup = await sealBackup(utf8(""), PASSPHRASE, { now: 5 });
    expect(JSON.parse(backup.split("\n")[0]!)).toEqual({
      format: "mcp-plugin-server.backup",
      version: 1,
      createdAt: 5,
      kdf: {
        name: "scrypt",
        N: 131_072,
        r: 8,
        p: 1,
        salt: expect.stringMatching(/^.{22}$/) as string,
      },
      cipher: "AES-256-GCM",
    });
  }, 30_000);

  it("does not open with another passphrase, and stores nothing then", async () => {
    const { vault, place } = await openTestVault();
    const backup = await sealed();
    const codes = await codesOf(
      ["correct horse battery stapl", "Correct horse battery staple", "\u0000"].map((text) =>
        vault.importBackup({ ...work, passphrase: utf8(text), backup }),
      ),
    );
    expect(codes).toEqual(Array(3).fill("BACKUP_INVALID"));
    expect(await place.store.instances()).toEqual([]);
  });

  it.each<[string, (backup: string) => string]>([
    ["is empty", () => ""],
    ["is no backup", () => "rubbish\nrubbish\n"],
    ["has no second line", (backup) => backup.split("\n")[0]!],
    ["has an empty second line", (backup) => `${backup.split("\n")[0]}\n\n`],
    ["is cut short", (backup) => backup.slice(0, -20)],
    ["is longer", (backup) => `${backup.trimEnd()}AAAA\n`],
    [
      "has a bit that is another",
      (backup) => backup.replace(/(.)(.{9})\n$/, (_all, one, rest) => `${other(one)}${rest}\n`),
    ],
    ["is of another version", (backup) => backup.replace('"version":1', '"version":2')],
    ["has another date", (backup) => backup.replace('"createdAt":5', '"createdAt":6')],
    [
      "has another salt",
      (backup) => backup.replace(/"salt":"(.)/, (_all, one) => `"salt":"${other(one)}`),
    ],
    ["has another cost", (backup) => backup.replace('"N":16384', '"N":32768')],
    ["costs too little", (backup) => backup.replace('"N":16384', '"N":1024')],
    ["costs too much", (backup) => backup.replace('"N":16384', '"N":1048576')],
    ["costs too much in blocks", (backup) => backup.replace('"r":8', '"r":64')],
    ["costs too much in rounds", (backup) => backup.replace('"p":1', '"p":1000')],
    ["has a member more", (backup) => backup.replace("{", '{"a":1,')],
    ["has the same header, written otherwise", (backup) => backup.replace("{", "{ ")],
  ])("is refused, and nothing is stored, when it %s", async (_what, change) => {
    const { vault, place } = await openTestVault();
    const backup = await sealed();
    expect(change(backup)).not.toBe(backup);
    const importing = vault.importBackup({
      ...work,
      passphrase: PASSPHRASE,
      backup: change(backup),
    });
    await expect(importing).rejects.toMatchObject({
      code: "BACKUP_INVALID",
      message: "The backup cannot be read: the passphrase is another, or it is damaged.",
    });
    expect(await place.store.instances()).toEqual([]);
  });

  it.each<[string, object]>([
    ["an owner", { owner: "everybody" }],
    ["an instance", { instanceId: "$ledger" }],
    ["a name", { name: "a/b" }],
    ["a date", { createdAt: -1 }],
    ["a secret that is empty", { secret: new Uint8Array(0) }],
    ["a secret that is too long", { secret: new Uint8Array(65_537) }],
  ])("is refused, and nothing is stored, when %s in it is none", async (_what, fields) => {
    const { vault, place } = await openTestVault();
    const good = { ...listing, name: "good", secret: utf8("value") };
    const content = writeBackupContent([good, { ...good, ...fields }]);
    const backup = await cheaply(content);
    await expect(
      vault.importBackup({ ...work, passphrase: PASSPHRASE, backup }),
    ).rejects.toMatchObject({ code: "BACKUP_INVALID" });
    expect(await place.store.instances()).toEqual([]);
  });

  it("needs a passphrase", async () => {
    const { vault } = await openTestVault();
    await expect(
      vault.exportBackup({ ...work, passphrase: new Uint8Array(0) }),
    ).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
  });

  it("that lacks a credential which cannot be read is not made", async () => {
    const { vault, place } = await openTestVault();
    await of(vault).storeCredential("one", "key", "value");
    await place.driver.write(listing, "rubbish");
    await expect(vault.exportBackup({ ...work, passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
    });
  });
});

describe("what a backup holds", () => {
  const content = writeBackupContent([
    { ...listing, secret: utf8("one") },
    { ...listing, name: "other", secret: utf8("two") },
  ]);

  it("is read as it was written", async () => {
    const opened = await openBackup(await cheaply(content), PASSPHRASE);
    expect(opened.ok && readBackupContent(opened.value)).toEqual([
      { ...listing, secret: utf8("one") },
      { ...listing, name: "other", secret: utf8("two") },
    ]);
  });

  it("is null wherever it is cut, except between two credentials", () => {
    const read = Array.from(content, (_, end) => readBackupContent(content.slice(0, end))?.length);
    expect(read.filter((length) => length !== undefined)).toEqual([0, 1]);
  });

  it("is null when it names one credential twice", () => {
    const one = { ...listing, secret: utf8("one") };
    expect(readBackupContent(writeBackupContent([one, one]))).toBeNull();
  });
});
