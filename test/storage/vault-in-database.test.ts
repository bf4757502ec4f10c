import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createCredentialRepository,
  createVaultRepository,
  type CredentialId,
  type Vault,
} from "../../src/index.ts";
import { entry, GUARD, key } from "../contract/vault-store/harness.ts";
import { databaseFile, STORAGE_DRIVERS, type StorageDriver } from "../helpers/storage-drivers.ts";
import { createFrozenTime, createImpatientTime } from "../helpers/vault-faults.ts";
import { createTestMasterKeys, openTestVault, TEST_ACTOR } from "../helpers/vault.ts";

const ID: CredentialId = { owner: "shared", instanceId: "one", name: "a" };
const work = { actor: TEST_ACTOR };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);

async function openPlace(storage: StorageDriver, path = databaseFile()) {
  const database = await storage.open(path);
  const store = createVaultRepository(database);
  return { path, store, driver: createCredentialRepository(database) };
}

describe.each(STORAGE_DRIVERS)(
  "a vault whose records lie beside its ledgers ($name)",
  (storage) => {
    it("changes record and ledger together, or neither", async () => {
      const { store, driver } = await openPlace(storage);
      await store.setValue(GUARD.name, GUARD.value, null);
      await store.addDataKey(key("k1"), null, GUARD);
      const put = (from: number, sealed: string) =>
        store.commit({
          instanceId: "one",
          from,
          seal: `s${from}`,
          put: entry("a", from + 1),
          sealed,
        });
      expect(await put(0, "first")).toBe(true);
      expect(await driver.read(ID)).toBe("first");
      expect(await put(0, "late")).toBe(false);
      expect(await driver.read(ID)).toBe("first");
      expect(await put(1, "second")).toBe(true);
      expect(await driver.read(ID)).toBe("second");

      const remove = { owner: ID.owner, name: ID.name };
      const change = { instanceId: "one", seal: "gone", remove };
      expect(await store.commit({ ...change, from: 1 })).toBe(false);
      expect(await driver.read(ID)).toBe("second");
      expect(await store.commit({ ...change, from: 2 })).toBe(true);
      expect(await driver.read(ID)).toBeNull();
    });

    it.each(["a write", "a deletion"])(
      "keeps what was committed while a process was frozen in %s",
      async (what) => {
        const { path, ...place } = await openPlace(storage);
        const masterKeys = createTestMasterKeys();
        const beside = { masterKeys, time: createImpatientTime() };
        const other = (await openTestVault({ ...(await openPlace(storage, path)), ...beside }))
          .vault;
        await of(other).storeCredential("one", "a", "first");
        const frozen = createFrozenTime();
        const reached = Promise.withResolvers<void>();
        const lands = Promise.withResolvers<void>();
        const slowly = async <T>(step: () => Promise<T>) => {
          reached.resolve();
          await lands.promise;
          return step();
        };
        const { store, driver } = place;
        const { vault } = await openTestVault({
          masterKeys,
          time: frozen,
          store: {
            ...store,
            commit: (change) =>
              driver.database === store.database
                ? slowly(() => store.commit(change))
                : store.commit(change),
          },
          // What would touch the record if the store did not.
          driver: {
            ...driver,
            write: (...args) => slowly(() => driver.write(...args)),
            remove: (id) => slowly(() => driver.remove(id)),
          },
        });
        const late =
          what === "a write"
            ? of(vault).storeCredential("one", "a", "late")
            : of(vault).deleteCredential("one", "a");
        await reached.promise;
        await of(other).storeCredential("one", "a", "committed");
        frozen.thaw();
        lands.resolve();
        await expect(late).rejects.toMatchObject({ code: "VAULT_UNAVAILABLE" });
        for (const each of [vault, other]) {
          expect(await of(each).retrieveCredential("one", "a")).toBe("committed");
        }
        expect((await other.verify(work)).faults).toEqual([]);
      },
    );
  },
);

it("does not seal an older secret anew over one that was stored meanwhile, whatever a clock says", async () => {
  const storage = STORAGE_DRIVERS[0]!;
  const { path, ...place } = await openPlace(storage);
  const masterKeys = createTestMasterKeys();
  const beside = { masterKeys, time: createImpatientTime() };
  const other = (await openTestVault({ ...(await openPlace(storage, path)), ...beside })).vault;
  await of(other).storeCredential("one", "a", "first");
  const reached = Promise.withResolvers<void>();
  const lands = Promise.withResolvers<void>();
  const { vault } = await openTestVault({
    ...place,
    masterKeys,
    // As on a machine that was suspended: no time has passed.
    time: createFrozenTime(),
    driver: {
      ...place.driver,
      async read(...args) {
        const text = await place.driver.read(...args);
        reached.resolve();
        await lands.promise;
        return text;
      },
    },
  });
  const rotating = vault.rotateDataKeys({ ...work, instanceId: "one" });
  await reached.promise;
  await of(other).storeCredential("one", "a", "second");
  lands.resolve();
  await rotating;
  for (const each of [vault, other]) {
    expect(await of(each).retrieveCredential("one", "a")).toBe("second");
  }
  expect((await other.verify(work)).faults).toEqual([]);
});

it("has nothing left of a credential's record in the embedded database when it is deleted", async () => {
  const { path, ...place } = await openPlace(STORAGE_DRIVERS[0]!);
  const { vault } = await openTestVault(place);
  await of(vault).storeCredential("one", "a", "x".repeat(5_000));
  await of(vault).storeCredential("one", "b", "stays");
  const sealed = (await place.driver.read(ID))!;
  const marks = [sealed.slice(60, 100), sealed.slice(-40)];
  const found = () => {
    const folder = dirname(path);
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    return marks.filter((mark) => files.some((bytes) => bytes.includes(mark)));
  };
  expect(found()).toEqual(marks);
  await of(vault).deleteCredential("one", "a");
  expect(found()).toEqual([]);
  expect(await of(vault).retrieveCredential("one", "b")).toBe("stays");
});

it("does not take records of another database for its own", async () => {
  const { store } = await openPlace(STORAGE_DRIVERS[0]!);
  const { driver } = await openPlace(STORAGE_DRIVERS[0]!);
  const { vault } = await openTestVault({ store, driver });
  await of(vault).storeCredential("one", "a", "value");
  expect(await driver.read(ID)).not.toBeNull();
  await of(vault).deleteCredential("one", "a");
  expect(await driver.read(ID)).toBeNull();
});
