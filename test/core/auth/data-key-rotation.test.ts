import { describe, expect, it } from "vitest";
import type { Vault, VaultProgress } from "../../../src/index.ts";
import { createVaultPlace, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const work = { actor: TEST_ACTOR };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);
const activeIds = async (vault: Vault) =>
  (await vault.status()).instances.map(({ dataKeyId }) => dataKeyId);

describe("the rotation of data keys", () => {
  it("seals every credential anew with a new key, with progress, and keeps values and dates", async () => {
    const { vault, place, sink } = await openTestVault();
    for (const name of ["a", "b", "c"]) await of(vault).storeCredential("one", name, `v ${name}`);
    await of(vault).storeCredential("two", "a", "of two");
    await vault.reserved("shared", TEST_ACTOR).storeCredential("two", "$token", "of the server");
    const before = await vault.list();
    const [oldOne, oldTwo] = await activeIds(vault);
    const progress: VaultProgress[] = [];
    await vault.rotateDataKeys({ ...work, onProgress: (each) => progress.push(each) });
    expect(progress).toEqual([0, 1, 2, 3, 4, 5].map((done) => ({ done, total: 5 })));
    expect(await vault.list()).toEqual(before);
    const keys = await place.store.dataKeys();
    expect(keys).toHaveLength(4);
    expect(keys.map(({ id }) => id)).not.toContain(oldOne);
    expect(keys.map(({ id }) => id)).not.toContain(oldTwo);
    for (const fresh of [vault, (await openTestVault(place)).vault]) {
      expect(await of(fresh).retrieveCredential("one", "b")).toBe("v b");
      expect(await of(fresh).retrieveCredential("two", "a")).toBe("of two");
      const reserved = fresh.reserved("shared", TEST_ACTOR);
      expect(await reserved.retrieveCredential("two", "$token")).toBe("of the server");
    }
    const recorded = sink.records.filter(({ action }) => action === "vault.rotate");
    expect(recorded.map(({ outcome }) => outcome)).toEqual(["started", "ok"]);
  });

  it("may be of one instance", async () => {
    const { vault } = await openTestVault();
    await of(vault).storeCredential("one", "a", "v");
    await of(vault).storeCredential("two", "a", "v");
    const [one, two] = await activeIds(vault);
    await vault.rotateDataKeys({ ...work, instanceId: "two" });
    expect((await activeIds(vault))[0]).toBe(one);
    expect((await activeIds(vault))[1]).not.toBe(two);
  });

  it("goes on past a credential that nobody can read, and then says so", async () => {
    const { vault, place } = await openTestVault();
    for (const name of ["a", "b", "c"]) await of(vault).storeCredential("one", name, `v ${name}`);
    await place.driver.write({ owner: "shared", instanceId: "one", name: "a" }, "rubbish");
    await expect(vault.rotateDataKeys(work)).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
    });
    expect((await vault.status()).instances[0]).toMatchObject({ credentials: 3, pending: 1 });
    expect(await of(vault).retrieveCredential("one", "c")).toBe("v c");
    await of(vault).storeCredential("one", "a", "again");
    await vault.rotateDataKeys(work);
    expect((await vault.status()).instances[0]).toMatchObject({ credentials: 3, pending: 0 });
    expect(await place.store.dataKeys()).toHaveLength(3);
  });

  it("goes on while others read and write, who notice nothing", async () => {
    const { vault, place } = await openTestVault();
    const names = Array.from({ length: 20 }, (_, index) => `key${index}`);
    for (const name of names) await of(vault).storeCredential("one", name, `${name} 0`);
    const latest = new Map(names.map((name) => [name, 0]));
    const rotation = { goesOn: true };
    const reading = (async () => {
      let reads = 0;
      while (rotation.goesOn) {
        for (const name of names) {
          const least = latest.get(name)!;
          const value = await of(vault).retrieveCredential("one", name);
          expect(Number(value.split(" ")[1])).toBeGreaterThanOrEqual(least);
          reads++;
        }
      }
      return reads;
    })();
    const writing = (async () => {
      for (let round = 1; rotation.goesOn; round++) {
        for (const name of names) {
          await of(vault).storeCredential("one", name, `${name} ${round}`);
          latest.set(name, round);
        }
      }
    })();
    for (let round = 0; round < 5; round++) await vault.rotateDataKeys(work);
    rotation.goesOn = false;
    await writing;
    expect(await reading).toBeGreaterThan(20);
    const fresh = (await openTestVault(place)).vault;
    for (const [name, round] of latest) {
      expect(await of(fresh).retrieveCredential("one", name)).toBe(`${name} ${round}`);
    }
    expect((await fresh.verify(work)).faults).toEqual([]);
  });

  it("comes by itself at the limit of 1,000 uses, and no write fails of those that go on", async () => {
    const { vault, place, close } = await openTestVault({ useLimit: 1_000 });
    const writes = Array.from({ length: 2_500 }, (_, index) =>
      of(vault).storeCredential("one", `key${index % 50}`, `value ${index}`),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    await close();
    const uses = (await place.store.dataKeys()).map((key) => key.uses);
    expect(Math.max(...uses)).toBeLessThanOrEqual(1_000);
    const again = await openTestVault({ ...place, useLimit: 1_000 });
    for (let index = 0; index < 50; index++) {
      const value = await of(again.vault).retrieveCredential("one", `key${index}`);
      expect(value).toBe(`value ${2_450 + index}`);
    }
    await again.vault.rotateDataKeys(work);
    const active = (await place.store.dataKeys()).filter(({ instanceId }) => instanceId === "one");
    expect(active.map(({ state }) => state)).toEqual(["active"]);
  }, 60_000);

  it("goes on beside everything else when a limit or an interruption has left old keys", async () => {
    const place = createVaultPlace();
    const { vault, close } = await openTestVault({ ...place, useLimit: 16 });
    for (let index = 0; index < 16; index++) {
      await of(vault).storeCredential("one", `key${index % 4}`, `value ${index}`);
    }
    const [first] = await activeIds(vault);
    await of(vault).storeCredential("one", "key0", "new");
    await close();
    const again = await openTestVault(place);
    expect(await activeIds(again.vault)).not.toEqual([first]);
    await expect
      .poll(async () => (await place.store.dataKeys()).map(({ state }) => state))
      .toEqual(["active", "active", "active"]);
    expect(await of(again.vault).retrieveCredential("one", "key3")).toBe("value 15");
  });

  it("counts uses in the store, and never too few", async () => {
    const place = createVaultPlace();
    for (let round = 1; round <= 3; round++) {
      const { vault, close } = await openTestVault(place);
      await of(vault).storeCredential("one", "key", "value");
      await close();
      const key = (await place.store.dataKeys()).find(({ instanceId }) => instanceId === "one")!;
      expect(key.uses).toBe(16 * round);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])("has no limit of %d uses", async (useLimit) => {
    await expect(openTestVault({ useLimit })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
