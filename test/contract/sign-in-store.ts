import { describe, expect, it } from "vitest";
import type { SignInSession, SignInStore } from "../../src/types/sign-in.ts";

const session = (idHash: string, expiresAt = 2_000): SignInSession => ({
  idHash,
  keyReference: "admin 0123",
  csrfToken: `csrf of ${idHash}`,
  createdAt: 1_000,
  renewedAt: 1_000,
  seenAt: 1_000,
  expiresAt,
});

/** What takes the place of `a`. */
const next = (idHash: string): SignInSession => ({
  ...session("a"),
  idHash,
  renewedAt: 1_100,
  seenAt: 1_100,
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
      await store.remove("csrf of a");
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

    it("remember when they were last used", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.touch("a", 1_500);
      await store.touch("nobody's", 1_500);
      expect(await store.find("a", 1_500)).toEqual({ ...session("a"), seenAt: 1_500 });
    });

    it("tell when they were last used with any of their secrets, until the last of them ends", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.add({ ...session("b"), seenAt: 1_900 }, 1_000);
      await store.replace(session("a"), next("a2"), 1_200);
      expect(await store.lastSeen("csrf of a", 1_100)).toBe(1_100);
      await store.touch("a2", 1_500);
      expect(await store.lastSeen("csrf of a", 1_999)).toBe(1_500);
      expect(await store.lastSeen("csrf of a", 2_000)).toBeNull();
      await store.remove("csrf of a");
      expect(await store.lastSeen("csrf of a", 1_500)).toBeNull();
      expect(await store.lastSeen("csrf of b", 1_500)).toBe(1_900);
    });

    it("are replaced by one of two who want to", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      expect(await store.replace(session("a"), next("a2"), 1_200)).toBe(true);
      expect(await store.replace(session("a"), next("a3"), 1_300)).toBe(false);
      expect(await store.find("a", 1_199)).toEqual(session("a", 1_200));
      expect(await store.find("a", 1_200)).toBeNull();
      expect(await store.find("a2", 1_200)).toEqual(next("a2"));
      expect(await store.find("a3", 1_200)).toBeNull();
    });

    it("are not replaced when they were removed", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.remove("csrf of a");
      expect(await store.replace(session("a"), next("a2"), 1_200)).toBe(false);
      expect(await store.find("a2", 1_000)).toBeNull();
    });

    it("end with all their secrets", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.replace(session("a"), next("a2"), 1_200);
      await store.add(session("b"), 1_000);
      await store.remove("csrf of a");
      expect(await store.find("a", 1_000)).toBeNull();
      expect(await store.find("a2", 1_000)).toBeNull();
      expect(await store.find("b", 1_000)).toEqual(session("b"));
    });

    it("end all together when they stand on one token", async () => {
      const store = await open();
      await store.add(session("a"), 1_000);
      await store.add(session("b"), 1_000);
      await store.add({ ...session("c"), keyReference: "admin 4567" }, 1_000);
      await store.removeAll("admin 0123");
      expect(await store.find("a", 1_000)).toBeNull();
      expect(await store.find("b", 1_000)).toBeNull();
      expect(await store.find("c", 1_000)).not.toBeNull();
    });
  });
}
