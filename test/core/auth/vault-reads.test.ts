import { describe, expect, it } from "vitest";
import {
  AppError,
  type CredentialDriver,
  type CredentialId,
  type Time,
  type Vault,
} from "../../../src/index.ts";
import { createVaultPlace, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

/** Waits for nothing. */
const time: Time = {
  now: () => 0,
  elapsed: () => 0,
  after(_ms, task) {
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  },
};
const work = { actor: TEST_ACTOR };
const ID: CredentialId = { owner: "shared", instanceId: "one", name: "key" };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);
const read = (vault: Vault) => of(vault).retrieveCredential("one", "key");

/** A vault over a driver that answers with older records at first, as a cloud's store may. */
async function openStale(kind: CredentialDriver["kind"], staleReads: number) {
  const place = createVaultPlace();
  const asked: (boolean | undefined)[] = [];
  let left = 0;
  let old: string | null = null;
  const driver: CredentialDriver = {
    ...place.driver,
    kind,
    async read(id, fresh) {
      asked.push(fresh);
      return left-- > 0 ? old : place.driver.read(id);
    },
  };
  const { vault } = await openTestVault({ ...place, driver, time });
  await of(vault).storeCredential("one", "key", "old");
  old = await place.driver.read(ID);
  await of(vault).storeCredential("one", "key", "new");
  left = staleReads;
  return { vault, asked, forget: () => (old = null) };
}

describe("a read", () => {
  it.each(["aws", "azure"] as const)("waits for %s to have what was stored", async (kind) => {
    const { vault, asked } = await openStale(kind, 3);
    expect(await read(vault)).toBe("new");
    expect(asked).toEqual([false, true, true, true]);
  });

  it("waits for a cloud's store that does not have it at all yet", async () => {
    const { vault, forget } = await openStale("aws", 2);
    forget();
    expect(await read(vault)).toBe("new");
  });

  it("is refused when the store stays behind", async () => {
    const { vault } = await openStale("azure", 100);
    await expect(read(vault)).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
      cause: { message: "older-than-ledger" },
    });
  });

  it("does not wait for a store that is never behind", async () => {
    const { vault, asked } = await openStale("database", 100);
    await expect(read(vault)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
    expect(asked).toHaveLength(3);
  });

  it("is refused when the driver has nothing whole", async () => {
    const { vault, place } = await openTestVault();
    await of(vault).storeCredential("one", "key", "value");
    place.driver.read = () =>
      Promise.reject(new AppError("CREDENTIAL_UNREADABLE", "half a file at /data/vault/x"));
    await expect(read(vault)).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
      message: 'The credential "key" of "one" (shared) cannot be read.',
    });
  });

  it("passes on that the store is down, and calls anything else so", async () => {
    const { vault, place } = await openTestVault();
    await of(vault).storeCredential("one", "key", "value");
    place.driver.read = () => Promise.reject(new AppError("VAULT_UNAVAILABLE", "throttled"));
    await expect(read(vault)).rejects.toMatchObject({ message: "throttled" });
    place.driver.read = () => Promise.reject(new TypeError("undefined is not a function"));
    await expect(read(vault)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: "The vault's store failed.",
    });
  });

  it("takes what a crash left uncommitted, and a verification commits it", async () => {
    const place = createVaultPlace();
    const first = await openTestVault(place);
    await of(first.vault).storeCredential("one", "key", "old");
    const store = { ...place.store, commit: () => Promise.reject(new Error("crash")) };
    const crashed = await openTestVault({ ...place, store });
    await expect(of(crashed.vault).storeCredential("one", "key", "new")).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
    });
    expect(await read(first.vault)).toBe("new");
    expect((await place.store.ledger("one"))?.entries[0]?.sequence).toBe(1);
    expect(await first.vault.verify(work)).toEqual({ checked: 1, faults: [] });
    expect((await place.store.ledger("one"))?.entries[0]?.sequence).toBe(2);
    expect(await read((await openTestVault(place)).vault)).toBe("new");
  });

  it("reads the ledger again only when it has changed", async () => {
    const place = createVaultPlace();
    let ledgers = 0;
    const store = {
      ...place.store,
      ledger: (id: string) => {
        ledgers++;
        return place.store.ledger(id);
      },
    };
    const { vault } = await openTestVault({ ...place, store });
    await of(vault).storeCredential("one", "key", "value");
    const before = ledgers;
    await Promise.all(Array.from({ length: 50 }, () => read(vault)));
    expect(ledgers).toBe(before);
    await of((await openTestVault(place)).vault).storeCredential("one", "key", "newer");
    await Promise.all(Array.from({ length: 50 }, () => read(vault)));
    expect(ledgers).toBe(before + 1);
  });
});
