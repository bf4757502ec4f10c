import { describe, expect, it } from "vitest";
import type { ServerSettingsStore } from "../../src/types/server-settings.ts";

const REV: unknown = expect.any(Number);

/** What every driver of the server's own settings does. */
export function serverSettingsStoreContract(
  driver: string,
  open: () => Promise<ServerSettingsStore>,
): void {
  describe(`settings of the server in ${driver}`, () => {
    it("are nothing at first, and then as they were put", async () => {
      const store = await open();
      expect(await store.read()).toBeNull();
      const values = { logLevel: "debug", nested: { "": [1, null, "Zoë"] } };
      expect(await store.put(values, null)).toBe(true);
      expect(await store.read()).toEqual({ values, rev: REV });
    });

    it("are replaced as a whole, from the revision that is stored alone", async () => {
      const store = await open();
      await store.put({ a: 1, b: 2 }, null);
      const { rev } = (await store.read())!;
      expect(await store.put({ c: 3 }, null)).toBe(false);
      expect(await store.put({ c: 3 }, rev + 1)).toBe(false);
      expect(await store.read()).toEqual({ values: { a: 1, b: 2 }, rev });
      expect(await store.put({ c: 3 }, rev)).toBe(true);
      expect(await store.put({ d: 4 }, rev)).toBe(false);
      expect(await store.read()).toEqual({ values: { c: 3 }, rev: rev + 1 });
    });

    it("take one of many changes that come at once", async () => {
      const store = await open();
      const first = await Promise.all([1, 2, 3].map((a) => store.put({ a }, null)));
      expect(first.filter(Boolean)).toHaveLength(1);
      const { rev } = (await store.read())!;
      const next = await Promise.all([1, 2, 3].map((b) => store.put({ b }, rev)));
      expect(next.filter(Boolean)).toHaveLength(1);
    });
  });
}
