import { describe, expect, it } from "vitest";
import type { CredentialId, DataKeyRecord, Ledger, Vault, VaultStore } from "../../../src/index.ts";
import { codesOf, createVaultPlace, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const work = { actor: TEST_ACTOR };
const idOf = (fields: Partial<CredentialId> = {}): CredentialId => ({
  owner: "shared",
  instanceId: "one",
  name: "key",
  ...fields,
});
const read = (vault: Vault, { owner, instanceId, name }: CredentialId) =>
  vault.for(owner, TEST_ACTOR).retrieveCredential(instanceId, name);
const write = (vault: Vault, { owner, instanceId, name }: CredentialId, value: string) =>
  vault.for(owner, TEST_ACTOR).storeCredential(instanceId, name, value);

const IDS = [
  idOf(),
  idOf({ name: "other" }),
  idOf({ owner: "client:a" }),
  idOf({ owner: "client:b" }),
  idOf({ instanceId: "two" }),
];

async function openFilled() {
  const place = createVaultPlace();
  const opened = await openTestVault(place);
  for (const id of IDS) await write(opened.vault, id, `secret of ${JSON.stringify(id)}`);
  return opened;
}

describe("a record in the driver that somebody has changed", () => {
  it("is refused in the place of any other", async () => {
    const { vault, place } = await openFilled();
    const texts = await Promise.all(IDS.map((id) => place.driver.read(id)));
    let swaps = 0;
    for (const [to, id] of IDS.entries()) {
      for (const [from, text] of texts.entries()) {
        if (from === to) continue;
        await place.driver.write(id, text!);
        await expect(read(vault, id)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
        swaps++;
      }
      await place.driver.write(id, texts[to]!);
      expect(await read(vault, id)).toBe(`secret of ${JSON.stringify(id)}`);
    }
    expect(swaps).toBe(20);
  });

  it.each([
    ["by the process that wrote it", false],
    ["by one that has just started", true],
  ])("is refused when it is an older one: %s", async (_who, afresh) => {
    const { vault, place } = await openFilled();
    const old = await place.driver.read(IDS[0]!);
    await write(vault, IDS[0]!, "newer");
    const newer = await place.driver.read(IDS[0]!);
    await place.driver.write(IDS[0]!, old!);
    const reader = afresh ? (await openTestVault(place)).vault : vault;
    await expect(read(reader, IDS[0]!)).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
      cause: { message: "older-than-ledger" },
    });
    await place.driver.write(IDS[0]!, newer!);
    expect(await read(reader, IDS[0]!)).toBe("newer");
  });

  it("is refused when it comes back after it was deleted, and stored anew", async () => {
    const { vault, place } = await openFilled();
    const old = await place.driver.read(IDS[0]!);
    await vault.for("shared", TEST_ACTOR).deleteCredential("one", "key");
    await place.driver.write(IDS[0]!, old!);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({ code: "CREDENTIAL_NOT_FOUND" });
    await write(vault, IDS[0]!, "anew");
    await place.driver.write(IDS[0]!, old!);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
  });

  it("is refused when a rotation has replaced it", async () => {
    const { vault, place } = await openFilled();
    const old = await place.driver.read(IDS[0]!);
    await vault.rotateDataKeys(work);
    await place.driver.write(IDS[0]!, old!);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
  });

  it("is refused when it is of another vault", async () => {
    const { vault, place } = await openFilled();
    const other = await openFilled();
    await place.driver.write(IDS[0]!, (await other.place.driver.read(IDS[0]!))!);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({
      cause: { message: "other-than-ledger" },
    });
  });

  it("is missed when it is gone, and is named by a verification with the reason", async () => {
    const { vault, place } = await openFilled();
    const text = (await place.driver.read(IDS[1]!))!;
    await place.driver.remove(IDS[0]!);
    await place.driver.write(IDS[1]!, text.slice(0, -1));
    await place.driver.write(IDS[2]!, text);
    await place.driver.write(IDS[3]!, text.replace("v1.", "v2."));
    const { checked, faults } = await vault.verify(work);
    expect(checked).toBe(5);
    expect(faults).toEqual([
      { ...IDS[0], reason: "absent" },
      { ...IDS[1], reason: expect.stringMatching(/^(?:malformed|not-authentic)$/) as string },
      { ...IDS[2], reason: "older-than-ledger" },
      { ...IDS[3], reason: "unknown-version" },
    ]);
    expect(await read(vault, IDS[4]!)).toContain("secret of");
  });

  it("can be replaced by storing it again", async () => {
    const { vault, place } = await openFilled();
    await place.driver.write(IDS[0]!, "rubbish");
    await write(vault, IDS[0]!, "again");
    expect(await read(vault, IDS[0]!)).toBe("again");
  });
});

describe("a ledger that somebody has changed", () => {
  const edit =
    (change: (ledger: Ledger) => Ledger | null) =>
    async (place: { store: VaultStore }): Promise<Partial<VaultStore>> => ({
      ledger: async (instanceId) => {
        const ledger = await place.store.ledger(instanceId);
        return instanceId === "one" && ledger !== null ? change(ledger) : ledger;
      },
    });
  const first = (ledger: Ledger, fields: object): Ledger => ({
    ...ledger,
    entries: ledger.entries.map((entry, index) => (index === 0 ? { ...entry, ...fields } : entry)),
  });

  it.each<[string, (ledger: Ledger) => Ledger]>([
    ["an entry's sequence", (ledger) => first(ledger, { sequence: 2 })],
    ["an entry's key", (ledger) => first(ledger, { keyId: crypto.randomUUID() })],
    ["an entry's owner", (ledger) => first(ledger, { owner: "client:c" })],
    ["an entry's name", (ledger) => first(ledger, { name: "kex" })],
    ["which record an entry is of", (ledger) => first(ledger, { tag: "A".repeat(22) })],
    ["when an entry was made", (ledger) => first(ledger, { createdAt: 1 })],
    ["when an entry was changed", (ledger) => first(ledger, { updatedAt: 1 })],
    ["an entry that is gone", (ledger) => ({ ...ledger, entries: ledger.entries.slice(1) })],
    [
      "an entry that was added",
      (ledger) => ({
        ...ledger,
        entries: [...ledger.entries, { ...ledger.entries[0]!, name: "x" }],
      }),
    ],
    ["all entries gone", (ledger) => ({ ...ledger, entries: [] })],
    ["its version", (ledger) => ({ ...ledger, version: ledger.version + 1 })],
    ["its seal", (ledger) => ({ ...ledger, seal: `l1.${"A".repeat(43)}` })],
    ["its seal's version", (ledger) => ({ ...ledger, seal: ledger.seal.replace("l1", "l2") })],
    ["its seal, cut short", (ledger) => ({ ...ledger, seal: ledger.seal.slice(0, -1) })],
    ["no seal", (ledger) => ({ ...ledger, seal: "" })],
  ])("lets nothing of its instance be read, listed or stored: %s", async (_what, change) => {
    const { place } = await openFilled();
    const store = { ...place.store, ...(await edit(change)(place)) };
    const { vault } = await openTestVault({ ...place, store });
    const before = JSON.stringify(await place.store.ledger("one"));
    const own = vault.for("shared", TEST_ACTOR);
    const codes = await codesOf([
      own.retrieveCredential("one", "key"),
      own.useCredential("one", "none", () => 1),
      own.listCredentials("one"),
      own.storeCredential("one", "key", "value"),
      own.deleteCredential("one", "key"),
      vault.list("one"),
      vault.rotateDataKeys(work),
      vault.exportBackup({ ...work, passphrase: new Uint8Array(12) }),
    ]);
    expect(new Set(codes)).toEqual(new Set(["CREDENTIAL_UNREADABLE"]));
    expect(JSON.stringify(await place.store.ledger("one"))).toBe(before);
    expect(await read(vault, IDS[4]!)).toContain("secret of");
    expect(await vault.verify(work)).toEqual({
      checked: 1,
      faults: [{ owner: "shared", instanceId: "one", name: "", reason: "its seal is wrong" }],
    });
  });

  it("is refused as another instance's", async () => {
    const { place } = await openFilled();
    const two = await place.store.ledger("two");
    const store: VaultStore = {
      ...place.store,
      ledgerVersion: async () => two!.version,
      ledger: async (instanceId) => ({
        ...two!,
        instanceId,
        entries: two!.entries.map((entry) => ({ ...entry, instanceId })),
      }),
    };
    const { vault } = await openTestVault({ ...place, store });
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
  });

  it("is refused, while a process lives, when it is put back with its records", async () => {
    const { place } = await openFilled();
    let old: { ledger: Ledger; record: string } | null = null;
    const store: VaultStore = {
      ...place.store,
      ledgerVersion: async (id) => old?.ledger.version ?? place.store.ledgerVersion(id),
      ledger: async (id) => old?.ledger ?? place.store.ledger(id),
    };
    const { vault } = await openTestVault({ ...place, store });
    const ledger = (await place.store.ledger("one"))!;
    const record = (await place.driver.read(IDS[0]!))!;
    await write(vault, IDS[0]!, "newer");
    old = { ledger, record };
    await place.driver.write(IDS[0]!, record);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
      cause: { message: "it is older than it was" },
    });
  });

  it("is refused when it alone is put back further than a crash could leave it behind", async () => {
    const { place, vault } = await openFilled();
    const ledger = (await place.store.ledger("one"))!;
    await write(vault, IDS[1]!, "a change between");
    await write(vault, IDS[0]!, "newer");
    const store: VaultStore = {
      ...place.store,
      ledgerVersion: async () => ledger.version,
      ledger: async () => ledger,
    };
    const fresh = await openTestVault({ ...place, store });
    await expect(read(fresh.vault, IDS[0]!)).rejects.toMatchObject({
      cause: { message: "ahead-of-ledger" },
    });
  });

  it("does not let old records in when it is gone as a whole", async () => {
    const { place } = await openFilled();
    const old = (await place.driver.read(IDS[0]!))!;
    // As after a deletion of its rows: the instance begins again, with the data keys that are still there.
    const gone = createVaultPlace();
    const values = ["vault.check"];
    for (const name of values)
      await gone.store.setValue(name, (await place.store.value(name))!, null);
    const guard = { name: "vault.check", value: (await place.store.value("vault.check"))! };
    for (const key of await place.store.dataKeys()) await gone.store.addDataKey(key, null, guard);
    const { vault } = await openTestVault({ ...place, store: gone.store });
    await write(vault, IDS[0]!, "first");
    await place.driver.write(IDS[0]!, old);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
  });
});

describe("a data key that somebody has changed", () => {
  const withKeys = async (
    change: (key: DataKeyRecord, all: readonly DataKeyRecord[]) => DataKeyRecord,
  ) => {
    const { place } = await openFilled();
    const keys = await place.store.dataKeys();
    const changed = keys.map((key) => (key.instanceId === "one" ? change(key, keys) : key));
    const store: VaultStore = { ...place.store, dataKeys: async () => changed };
    return (await openTestVault({ ...place, store })).vault;
  };
  const two = (keys: readonly DataKeyRecord[]) =>
    keys.find(({ instanceId }) => instanceId === "two")!;

  it.each<[string, (key: DataKeyRecord, all: readonly DataKeyRecord[]) => DataKeyRecord]>([
    ["another one's wrapping", (key, all) => ({ ...key, wrapped: two(all).wrapped })],
    ["a wrapping that is cut short", (key) => ({ ...key, wrapped: key.wrapped.slice(0, -1) })],
    [
      "a wrapping of another version",
      (key) => ({ ...key, wrapped: key.wrapped.replace("w1", "w2") }),
    ],
    ["no wrapping", (key) => ({ ...key, wrapped: "" })],
    ["another id", (key) => ({ ...key, id: crypto.randomUUID() })],
    ["another instance", (key) => ({ ...key, instanceId: "three" })],
    ["another master key's id", (key) => ({ ...key, masterKeyId: "0".repeat(32) })],
    [
      "every bit of its wrapping's first characters",
      (key) => ({
        ...key,
        wrapped: key.wrapped.replace(
          /\.(.)([^.]*)$/,
          (_, a: string, rest: string) => `.${a === "A" ? "B" : "A"}${rest}`,
        ),
      }),
    ],
  ])("opens nothing of its instance: %s", async (_what, change) => {
    const vault = await withKeys(change);
    await expect(read(vault, IDS[0]!)).rejects.toMatchObject({
      cause: { message: "unknown-key" },
    });
    expect(await read(vault, IDS[4]!)).toContain("secret of");
  });
});
