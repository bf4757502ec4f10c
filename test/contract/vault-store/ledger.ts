import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../src/types/vault.ts";
import {
  entriesOf,
  entry,
  GUARD,
  key,
  openWithKey,
  sorted,
  wins,
  type VaultStoreUnderTest,
} from "./harness.ts";

export function ledgerContract(driver: VaultStoreUnderTest): void {
  describe("a ledger", () => {
    it("is null, at version 0, until something is committed", async () => {
      const { store } = await driver.open();
      expect(await store.ledger("one")).toBeNull();
      expect(await store.ledgerVersion("one")).toBe(0);
      expect(await store.instances()).toEqual([]);
    });

    it("grows by one with each change, and is read back as it was committed", async () => {
      const { store, second } = await openWithKey(driver);
      const a = entry("a", 1);
      const b = entry("a", 2, { owner: "user:h:s" });
      expect(await store.commit({ instanceId: "one", from: 0, seal: "s1", put: a })).toBe(true);
      expect(await store.ledger("one")).toEqual({
        instanceId: "one",
        version: 1,
        seal: "s1",
        entries: [a],
      } satisfies Ledger);
      expect(await store.commit({ instanceId: "one", from: 1, seal: "s2", put: b })).toBe(true);
      expect(await entriesOf(store)).toEqual(sorted([a, b]));
      const a3 = entry("a", 3, { createdAt: 5 });
      expect(await store.commit({ instanceId: "one", from: 2, seal: "s3", put: a3 })).toBe(true);
      expect(await entriesOf(store)).toEqual(sorted([a3, b]));
      expect(await store.ledgerVersion("one")).toBe(3);
      expect((await (await second()).ledger("one"))?.seal).toBe("s3");
    });

    it("loses what a change removes, and stays, empty, at its version", async () => {
      const { store } = await openWithKey(driver);
      await store.commit({ instanceId: "one", from: 0, seal: "s1", put: entry("a", 1) });
      await store.commit({
        instanceId: "one",
        from: 1,
        seal: "s2",
        put: entry("a", 2, { owner: "client:a" }),
      });
      const remove = (name: string, from: number) =>
        store.commit({
          instanceId: "one",
          from,
          seal: `s${from + 1}`,
          remove: { owner: "shared", name },
        });
      expect(await remove("b", 2)).toBe(true);
      expect((await store.ledger("one"))?.entries).toHaveLength(2);
      expect(await remove("a", 3)).toBe(true);
      expect(await entriesOf(store)).toEqual([entry("a", 2, { owner: "client:a" })]);
      await store.commit({
        instanceId: "one",
        from: 4,
        seal: "s5",
        remove: { owner: "client:a", name: "a" },
      });
      expect(await store.ledger("one")).toEqual({
        instanceId: "one",
        version: 5,
        seal: "s5",
        entries: [],
      });
      expect(await store.instances()).toEqual(["one"]);
    });

    it("can be sealed anew with no change of its entries", async () => {
      const { store } = await openWithKey(driver);
      await store.commit({ instanceId: "one", from: 0, seal: "s1", put: entry("a", 1) });
      expect(await store.commit({ instanceId: "one", from: 1, seal: "s2" })).toBe(true);
      expect(await store.ledger("one")).toEqual({
        instanceId: "one",
        version: 2,
        seal: "s2",
        entries: [entry("a", 1)],
      });
    });

    it.each([0, 1, 3, -1])("refuses a change from version %i when it stands at 2", async (from) => {
      const { store } = await openWithKey(driver);
      await store.commit({ instanceId: "one", from: 0, seal: "s1", put: entry("a", 1) });
      await store.commit({ instanceId: "one", from: 1, seal: "s2", put: entry("b", 2) });
      const before = await store.ledger("one");
      for (const change of [
        { put: entry("c", 9) },
        { put: entry("a", 9) },
        { remove: { owner: "shared", name: "a" } },
        {},
      ] as const) {
        expect(await store.commit({ instanceId: "one", from, seal: "no", ...change })).toBe(false);
      }
      expect(await store.ledger("one")).toEqual(before);
    });

    it.each([1, -1])("refuses a first change from version %i", async (from) => {
      const { store } = await openWithKey(driver);
      expect(await store.commit({ instanceId: "one", from, seal: "no", put: entry("a", 1) })).toBe(
        false,
      );
      expect(await store.ledger("one")).toBeNull();
    });

    it("refuses an entry whose key is not there, and takes one whose key retires", async () => {
      const { store } = await openWithKey(driver);
      const gone = entry("a", 1, { keyId: "k0" });
      expect(await store.commit({ instanceId: "one", from: 0, seal: "no", put: gone })).toBe(false);
      expect(await store.ledger("one")).toBeNull();
      await store.addDataKey(key("k2"), "k1", GUARD);
      expect(
        await store.commit({ instanceId: "one", from: 0, seal: "s1", put: entry("a", 1) }),
      ).toBe(true);
      expect(
        await store.commit({
          instanceId: "one",
          from: 1,
          seal: "no",
          put: { ...gone, sequence: 2 },
        }),
      ).toBe(false);
      expect(await store.ledgerVersion("one")).toBe(1);
      expect(await entriesOf(store)).toEqual([entry("a", 1)]);
    });

    it("is apart from other instances'", async () => {
      const { store } = await openWithKey(driver);
      for (const instanceId of ["two", "one", "on"]) {
        await store.addDataKey(key(`k-${instanceId}`, { instanceId }), null, GUARD);
        await store.commit({
          instanceId,
          from: 0,
          seal: `of ${instanceId}`,
          put: entry("a", 1, { instanceId }),
        });
      }
      expect(await store.instances()).toEqual(["on", "one", "two"]);
      await store.commit({
        instanceId: "one",
        from: 1,
        seal: "s2",
        remove: { owner: "shared", name: "a" },
      });
      expect(await entriesOf(store, "two")).toEqual([entry("a", 1, { instanceId: "two" })]);
      expect(await store.ledgerVersion("on")).toBe(1);
      expect(await entriesOf(store)).toEqual([]);
    });

    it("takes one of many changes made from the same version", async () => {
      const { store, second } = await openWithKey(driver);
      const stores = [store, await second()];
      for (const from of [0, 1, 2]) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            stores[index % 2]!.commit({
              instanceId: "one",
              from,
              seal: `${from}-${index}`,
              put: entry(`n${from}-${index}`, from + 1),
            }),
          ),
        );
        expect(wins(answers)).toBe(1);
        expect(await store.ledger("one")).toMatchObject({
          version: from + 1,
          seal: `${from}-${answers.indexOf(true)}`,
        });
        expect(await entriesOf(store)).toHaveLength(from + 1);
      }
    });

    it("is seen as of one moment while it changes", async () => {
      const { store, second } = await openWithKey(driver);
      const reader = await second();
      const ROUNDS = 30;
      // Each seal tells what entries it stands for.
      const writes = (async () => {
        for (let from = 0; from < ROUNDS; from++) {
          const put = entry(`n${from % 7}`, from + 1);
          const seal = `upto ${from + 1}`;
          expect(await store.commit({ instanceId: "one", from, seal, put })).toBe(true);
          await new Promise((resolve) => setTimeout(resolve));
        }
      })();
      const versions = new Set<number>();
      while (!versions.has(ROUNDS)) {
        for (const seen of [await reader.ledger("one"), await store.ledger("one")]) {
          if (seen === null) continue;
          versions.add(seen.version);
          expect(seen.seal).toBe(`upto ${seen.version}`);
          expect(seen.entries).toHaveLength(Math.min(seen.version, 7));
          expect(Math.max(...seen.entries.map(({ sequence }) => sequence))).toBe(seen.version);
        }
        await new Promise((resolve) => setTimeout(resolve));
      }
      await writes;
      expect(versions.size).toBeGreaterThan(1);
    });

    it("keeps text of any script in owners and names apart", async () => {
      const { store } = await openWithKey(driver);
      const owners = [
        "user:h:Zo\u00eb",
        "user:h:Zoe\u0308",
        "user:h:\u{1f511}",
        "user:h:'\"%_",
      ] as const;
      for (const [from, owner] of owners.entries()) {
        await store.commit({
          instanceId: "one",
          from,
          seal: `s${from + 1}`,
          put: entry("a", from + 1, { owner }),
        });
      }
      expect(await entriesOf(store)).toEqual(
        sorted(owners.map((owner, index) => entry("a", index + 1, { owner }))),
      );
    });
  });
}
