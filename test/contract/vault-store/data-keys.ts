import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../../../src/types/vault.ts";
import {
  entry,
  GUARD,
  key,
  openWithKey,
  sorted,
  wins,
  type VaultStoreUnderTest,
} from "./harness.ts";

export function dataKeysContract(driver: VaultStoreUnderTest): void {
  describe("data keys", () => {
    it("are read back as they were added", async () => {
      const { store } = await openWithKey(driver);
      const other = key("k2", { instanceId: "$audit", uses: 7, masterKeyId: "m2" });
      expect(await store.addDataKey(other, null, GUARD)).toBe(true);
      expect(sorted(await store.dataKeys())).toEqual(sorted([key("k1"), other]));
    });

    it("are none at first", async () => {
      const { store } = await driver.open();
      expect(await store.dataKeys()).toEqual([]);
    });

    it.each([
      ["there is an active one", key("k2"), null, GUARD],
      ["the active one is another than is to be replaced", key("k2"), "k0", GUARD],
      [
        "what is to be replaced is another instance's",
        key("k2", { instanceId: "two" }),
        "k1",
        GUARD,
      ],
      ["the guard has another value", key("k2"), "k1", { ...GUARD, value: "check-2" }],
      ["the guard's value is not there", key("k2"), "k1", { ...GUARD, name: "other" }],
      [
        "the guard has another value, for a first key",
        key("k2", { instanceId: "two" }),
        null,
        { ...GUARD, value: "check-2" },
      ],
    ])("stay as they are when %s", async (_why, added, replaces, guard) => {
      const { store } = await openWithKey(driver);
      expect(await store.addDataKey(added, replaces, guard)).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k1")]);
    });

    it("give way to another, of the same instance alone", async () => {
      const { store } = await openWithKey(driver);
      await store.addDataKey(key("t1", { instanceId: "two" }), null, GUARD);
      expect(await store.addDataKey(key("k2"), "k1", GUARD)).toBe(true);
      expect(await store.addDataKey(key("k3"), "k1", GUARD)).toBe(false);
      expect(await store.addDataKey(key("k3"), "k2", GUARD)).toBe(true);
      expect(sorted(await store.dataKeys())).toEqual(
        sorted([
          key("k1", { state: "retiring" }),
          key("k2", { state: "retiring" }),
          key("k3"),
          key("t1", { instanceId: "two" }),
        ]),
      );
    });

    it("are replaced by one of many who try at once", async () => {
      const { store, second } = await openWithKey(driver);
      const stores = [store, await second()];
      for (const [prefix, replaces] of [
        ["two", null],
        ["one", "k1"],
      ] as const) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            stores[index % 2]!.addDataKey(
              key(`${prefix}-${index}`, { instanceId: prefix }),
              replaces,
              GUARD,
            ),
          ),
        );
        expect(wins(answers)).toBe(1);
        const active = (await store.dataKeys()).filter(
          ({ instanceId, state }) => instanceId === prefix && state === "active",
        );
        expect(active.map(({ id }) => id)).toEqual([`${prefix}-${answers.indexOf(true)}`]);
      }
    });

    it("stay as they are when adding fails after the active one gave way", async () => {
      const { store } = await openWithKey(driver);
      const other = key("t1", { instanceId: "two" });
      await store.addDataKey(other, null, GUARD);
      // The id is taken, which no guard foresees.
      await expect(store.addDataKey(key("t1"), "k1", GUARD)).rejects.toThrow(Error);
      expect(sorted(await store.dataKeys())).toEqual(sorted([key("k1"), other]));
    });

    it("are wrapped anew from the wrapping that was read alone", async () => {
      const { store } = await openWithKey(driver);
      const to = { wrapped: "w1.m2.k1", masterKeyId: "m2" };
      expect(await store.rewrapDataKey("k1", "w1.m0.k1", to)).toBe(false);
      expect(await store.rewrapDataKey("k0", "w1.m1.k1", to)).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k1")]);
      expect(await store.rewrapDataKey("k1", "w1.m1.k1", to)).toBe(true);
      expect(await store.rewrapDataKey("k1", "w1.m1.k1", to)).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k1", to)]);
    });

    it("are wrapped anew while they retire, too", async () => {
      const { store } = await openWithKey(driver);
      await store.addDataKey(key("k2"), "k1", GUARD);
      const to = { wrapped: "w1.m2.k1", masterKeyId: "m2" };
      expect(await store.rewrapDataKey("k1", "w1.m1.k1", to)).toBe(true);
      expect(sorted(await store.dataKeys())).toEqual(
        sorted([key("k1", { ...to, state: "retiring" }), key("k2")]),
      );
    });

    it("count uses up to the limit, and nothing beyond", async () => {
      const { store } = await openWithKey(driver);
      expect(await store.countUses("k1", 9, 10)).toBe(true);
      expect(await store.countUses("k1", 2, 10)).toBe(false);
      expect(await store.countUses("k1", 1, 10)).toBe(true);
      expect(await store.countUses("k1", 1, 10)).toBe(false);
      expect(await store.countUses("k0", 1, 10)).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k1", { uses: 10 })]);
    });

    it("count none while they retire", async () => {
      const { store } = await openWithKey(driver);
      await store.addDataKey(key("k2"), "k1", GUARD);
      expect(await store.countUses("k1", 1, 10)).toBe(false);
      expect(await store.countUses("k2", 1, 10)).toBe(true);
    });

    it("lose no count when many count at once", async () => {
      const { store, second } = await openWithKey(driver);
      const stores = [store, await second()];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => stores[index % 2]!.countUses("k1", 3, 100)),
      );
      expect(wins(answers)).toBe(33);
      expect(await store.dataKeys()).toEqual([key("k1", { uses: 99 })]);
    });

    it("go when they retire and no entry names them", async () => {
      const { store } = await openWithKey(driver);
      const put = (item: LedgerEntry, from: number) =>
        store.commit({ instanceId: "one", from, seal: `s${from + 1}`, put: item });
      expect(await store.removeDataKey("k1")).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k1")]);
      await put(entry("a", 1), 0);
      expect(await store.removeDataKey("k1")).toBe(false);
      await store.addDataKey(key("k2"), "k1", GUARD);
      expect(await store.removeDataKey("k1")).toBe(false);
      await put(entry("a", 2, { keyId: "k2" }), 1);
      expect(await store.removeDataKey("k2")).toBe(false);
      expect(await store.removeDataKey("k1")).toBe(true);
      expect(await store.removeDataKey("k1")).toBe(false);
      expect(await store.dataKeys()).toEqual([key("k2")]);
    });
  });
}
