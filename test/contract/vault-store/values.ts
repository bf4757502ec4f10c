import { describe, expect, it } from "vitest";
import { wins, type VaultStoreUnderTest } from "./harness.ts";

export function valuesContract(driver: VaultStoreUnderTest): void {
  describe("a value", () => {
    it("is null until it is set, and is set from what stands there alone", async () => {
      const { store } = await driver.open();
      expect(await store.value("a")).toBeNull();
      expect(await store.setValue("a", "1", "0")).toBe(false);
      expect(await store.value("a")).toBeNull();
      expect(await store.setValue("a", "1", null)).toBe(true);
      expect(await store.setValue("a", "2", null)).toBe(false);
      expect(await store.setValue("a", "2", "0")).toBe(false);
      expect(await store.value("a")).toBe("1");
      expect(await store.setValue("a", "2", "1")).toBe(true);
      expect(await store.setValue("a", "2", "2")).toBe(true);
      expect([await store.value("a"), await store.value("A"), await store.value("")]).toEqual([
        "2",
        null,
        null,
      ]);
    });

    it("goes to one of many who set it at once", async () => {
      const { store, second } = await driver.open();
      const stores = [store, await second()];
      for (const expected of [null, "start"]) {
        const name = `from ${expected}`;
        if (expected !== null) await store.setValue(name, expected, null);
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            stores[index % 2]!.setValue(name, `${index}`, expected),
          ),
        );
        expect(wins(answers)).toBe(1);
        expect(await store.value(name)).toBe(`${answers.indexOf(true)}`);
      }
    });
  });
}
