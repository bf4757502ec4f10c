import { describe, expect, it } from "vitest";
import type { SignInSession, SignInStore } from "../../src/types/sign-in.ts";

const session = (idHash: string, expiresAt = 2_000): SignInSession => ({
  idHash,
  keyReference: "admin 0123",
  createdAt: 1_000,
  expiresAt,
});

/** What every driver of the `SignInStore` port does. */
export function signInStoreContract(driver: string, open: () => Promise<SignInStore>): void {
  describe(`sign-in sessions in ${driver}`, () => {
    it("are found until they expire or are removed", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.add(session("b"), 1_000);
      expect(await store.find("a", 1_999)).toEqual(session("a"));
      expect(await store.find("a", 2_000)).toBeNull();
      expect(await store.find("c", 1_000)).toBeNull();
      await store.remove("a");
      expect(await store.find("a", 1_000)).toBeNull();
      expect(await store.find("b", 1_000)).toEqual(session("b"));
    });

    it("are forgotten when another one is added after they expired", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.add(session("b", 9_000), 2_000);
      expect(await store.find("a", 0)).toBeNull();
      expect(await store.find("b", 0)).toEqual(session("b", 9_000));
    });
  });
}
