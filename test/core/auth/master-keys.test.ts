import { describe, expect, it } from "vitest";
import {
  codesOf,
  createFixedMasterKeys,
  createTestMasterKeys,
  createUsedVaultPlace,
  createVaultPlace,
  openTestVault,
  TEST_ACTOR,
  testKey,
  type TestMasterKeys,
  type VaultPlace,
} from "../../helpers/vault.ts";
import { createImpatientTime } from "../../helpers/vault-faults.ts";
import { createMemoryVaultStore, type MasterKeyProvider, type Vault } from "../../../src/index.ts";

const work = { actor: TEST_ACTOR };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);

/** Everything that lies in the store. */
const dump = async ({ store }: Pick<VaultPlace, "store">) =>
  JSON.stringify([
    await store.value("vault.check"),
    await store.value("vault.check.next"),
    await store.value("vault.lease.$master"),
    await store.dataKeys(),
    await Promise.all((await store.instances()).map((id) => store.ledger(id))),
  ]);

const openWith = (place: VaultPlace, masterKeys: MasterKeyProvider) =>
  openTestVault({ ...place, masterKeys, time: createImpatientTime() });

describe("a vault's master key", () => {
  it("is refused when it is another, and nothing is changed", async () => {
    const place = await createUsedVaultPlace();
    const before = await dump(place);
    const codes = await codesOf([
      openWith(place, createTestMasterKeys()),
      openWith(place, createFixedMasterKeys(testKey())),
      openWith(place, createFixedMasterKeys(testKey(), testKey())),
      openWith(place, createFixedMasterKeys(testKey(), new Uint8Array(32))),
    ]);
    expect(codes).toEqual(Array(4).fill("VAULT_KEY_WRONG"));
    expect(await dump(place)).toBe(before);
    const { vault } = await openTestVault(place);
    expect(await of(vault).retrieveCredential("one", "key")).toBe("value");
  });

  it.each<[string, (check: string) => string]>([
    ["is empty", () => ""],
    ["is cut short", (check) => check.slice(0, -1)],
    ["is of another version", (check) => check.replace("c1", "c2")],
    ["is changed", (check) => `${check.slice(0, -4)}AAAA`],
    ["names another key", (check) => check.replace(/[0-9a-f]{32}/, "0".repeat(32))],
  ])("is refused when the check value %s", async (_what, change) => {
    const place = await createUsedVaultPlace();
    const check = (await place.store.value("vault.check"))!;
    await place.store.setValue("vault.check", change(check), check);
    const before = await dump(place);
    await expect(openTestVault(place)).rejects.toMatchObject({ code: "VAULT_KEY_WRONG" });
    expect(await dump(place)).toBe(before);
  });

  it("is refused when the check value is gone, and the vault is not begun anew", async () => {
    const place = await createUsedVaultPlace();
    const store = createMemoryVaultStore();
    const guard = { name: "other", value: "1" };
    await store.setValue(guard.name, guard.value, null);
    for (const key of await place.store.dataKeys()) await store.addDataKey(key, null, guard);
    await expect(openTestVault({ ...place, store })).rejects.toMatchObject({
      code: "VAULT_KEY_WRONG",
    });
    expect(await store.value("vault.check")).toBeNull();
  });

  it.each(["$ledger", "$audit"])("is refused when the key %s is gone", async (name) => {
    const place = await createUsedVaultPlace();
    const dataKeys = async () =>
      (await place.store.dataKeys()).filter(({ instanceId }) => instanceId !== name);
    const before = await dump(place);
    const opening = openTestVault({ ...place, store: { ...place.store, dataKeys } });
    await expect(opening).rejects.toMatchObject({ code: "VAULT_KEY_WRONG" });
    expect(await dump(place)).toBe(before);
  });

  it.each([0, 16, 31, 33])("has 32 bytes, and not %i", async (length) => {
    const opening = openTestVault({
      ...createVaultPlace(),
      masterKeys: createFixedMasterKeys(new Uint8Array(length)),
    });
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("is zeroed by whoever was given it", async () => {
    const given: Uint8Array[] = [];
    const keys = createTestMasterKeys();
    const give = async (key: Promise<Uint8Array>) => {
      given.push(await key);
      return given.at(-1)!;
    };
    const { vault } = await openTestVault({
      masterKeys: {
        current: () => give(keys.current()),
        others: async () =>
          Promise.all((await keys.others()).map((key) => give(Promise.resolve(key)))),
        rotation: { ...keys.rotation, prepare: () => give(keys.rotation.prepare()) },
      },
    });
    await of(vault).storeCredential("one", "key", "value");
    await vault.rotateMasterKey(work);
    expect(given.length).toBeGreaterThan(3);
    expect(new Set(given.map((key) => key.join()))).toEqual(new Set([new Uint8Array(32).join()]));
  });
});

describe("the rotation of the master key", () => {
  it("wraps every data key anew, with progress, and leaves the old key without use", async () => {
    const { vault, place } = await openTestVault();
    for (const instance of ["one", "two", "three"]) {
      await of(vault).storeCredential(instance, "key", "value");
    }
    const old = place.masterKeys.held.current;
    const before = await vault.status();
    const progress: string[] = [];
    await vault.rotateMasterKey({
      ...work,
      onProgress: ({ done, total }) => progress.push(`${done}/${total}`),
    });
    expect(progress).toEqual(["0/5", "1/5", "2/5", "3/5", "4/5", "5/5"]);
    const status = await vault.status();
    expect(status.masterKeyId).not.toBe(before.masterKeyId);
    expect(status).toEqual({ ...before, masterKeyId: status.masterKeyId });
    const ids = (await place.store.dataKeys()).map(({ masterKeyId }) => masterKeyId);
    expect(ids).toEqual(Array(5).fill(status.masterKeyId));
    expect(place.masterKeys.held).toMatchObject({ next: null });
    expect(await of((await openTestVault(place)).vault).retrieveCredential("two", "key")).toBe(
      "value",
    );
    await expect(openWith(place, createFixedMasterKeys(old))).rejects.toMatchObject({
      code: "VAULT_KEY_WRONG",
    });
    // What this process has in memory serves further.
    await of(vault).storeCredential("four", "key", "value");
    await vault.rotateMasterKey(work);
    expect(await of((await openTestVault(place)).vault).retrieveCredential("four", "key")).toBe(
      "value",
    );
  });

  it("is the operator's where the provider cannot store keys: the vault says so", async () => {
    const { vault, place } = await openTestVault({ masterKeys: createFixedMasterKeys(testKey()) });
    const before = await dump(place);
    await expect(vault.rotateMasterKey(work)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(await dump(place)).toBe(before);
  });

  it("is done at the start when the operator has set another key and kept the old one", async () => {
    const place = await createUsedVaultPlace();
    const [old, next] = [place.masterKeys.held.current, testKey()];
    const { vault, close } = await openWith(place, createFixedMasterKeys(next, old));
    expect(await of(vault).retrieveCredential("one", "key")).toBe("value");
    expect((await vault.status()).masterRotationPending).toBe(false);
    await close();
    const alone = await openWith(place, createFixedMasterKeys(next));
    expect(await of(alone.vault).retrieveCredential("one", "key")).toBe("value");
    await expect(openWith(place, createFixedMasterKeys(old))).rejects.toMatchObject({
      code: "VAULT_KEY_WRONG",
    });
  });

  it("may be taken back by the operator half way", async () => {
    const place = await createUsedVaultPlace();
    const [old, next] = [place.masterKeys.held.current, testKey()];
    let rewraps = 0;
    const store = {
      ...place.store,
      rewrapDataKey: async (...args: Parameters<typeof place.store.rewrapDataKey>) => {
        if (++rewraps > 1) throw new Error("the store is gone");
        return place.store.rewrapDataKey(...args);
      },
    };
    const half = await openTestVault({
      ...place,
      store,
      masterKeys: createFixedMasterKeys(next, old),
    });
    expect((await half.vault.status()).masterRotationPending).toBe(true);
    expect(await of(half.vault).retrieveCredential("one", "key")).toBe("value");
    expect(half.logs.map(({ message }) => message)).toContain(
      "The rotation of the master key could not be ended",
    );
    const back = await openWith(place, createFixedMasterKeys(old, next));
    expect((await back.vault.status()).masterRotationPending).toBe(false);
    await back.close();
    const alone = await openWith(place, createFixedMasterKeys(old));
    expect(await of(alone.vault).retrieveCredential("one", "key")).toBe("value");
  });

  it.each<[string, (held: TestMasterKeys["held"]) => unknown]>([
    ["gone", (held) => (held.next = null)],
    ["another", (held) => (held.next = testKey())],
  ])("stops, and says what was changed, when the next key is %s at the end", async (_, change) => {
    const { vault, place } = await openTestVault();
    await of(vault).storeCredential("one", "key", "value");
    const { held, rotation } = place.masterKeys;
    const { current } = held;
    let next: Uint8Array | null = null;
    const masterKeys: MasterKeyProvider = {
      ...place.masterKeys,
      rotation: {
        ...rotation,
        async finish(expected) {
          next = held.next;
          change(held);
          return rotation.finish(expected);
        },
      },
    };
    const other = await openTestVault({ ...place, masterKeys });
    const error: unknown = await other.vault
      .rotateMasterKey(work)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "VAULT_KEY_WRONG",
      message:
        "The rotation of the master key stopped: the next master key is not the one that the data keys are wrapped with. Put that key back and rotate again.",
    });
    expect(held.current).toBe(current);
    held.next = next;
    await vault.rotateMasterKey(work);
    expect((await vault.status()).masterRotationPending).toBe(false);
    const { vault: third } = await openTestVault(place);
    expect(await of(third).retrieveCredential("one", "key")).toBe("value");
  });

  it("never says that nothing was changed once the vault is open", async () => {
    const { vault, place } = await openTestVault();
    place.masterKeys.held.current = testKey();
    const error: unknown = await vault.status().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "VAULT_KEY_WRONG",
      message:
        "The vault cannot go on: the master key is not the one that its data keys are wrapped with.",
    });
  });
});
