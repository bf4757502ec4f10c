import { describe, expect, it } from "vitest";
import type { LegacySession, LegacySessions } from "../../src/types/sessions.ts";

const session = (idHash: string, seenAt = 1_000): LegacySession => ({
  idHash,
  principalId: `principal-of-${idHash}`,
  createdAt: 500,
  seenAt,
});

/**
 * What every driver of the `LegacySessions` port does.
 *
 * @param openStore makes an empty store for so many sessions in all and of one principal
 */
export function legacySessionsContract(
  driver: string,
  openStore: (limits: { total: number; perPrincipal: number }) => Promise<LegacySessions>,
): void {
  describe(`legacy sessions contract: ${driver}`, () => {
    it("finds a session at once, by its hash alone, as it was opened", async () => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      expect(await store.open(session("a"))).toEqual([]);
      expect(await store.find("a")).toEqual(session("a"));
    });

    it.each(["b", "", "A", "__proto__"])("finds nothing under %j", async (idHash) => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      await store.open(session("a"));
      expect(await store.find(idHash)).toBeNull();
    });

    it("notes when a session was last seen", async () => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      await store.open(session("a", 1_000));
      await store.touch("a", 5_000);
      expect(await store.find("a")).toEqual(session("a", 5_000));
    });

    it("makes no session by touching one that is not there", async () => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      await store.touch("a", 5_000);
      expect(await store.find("a")).toBeNull();
    });

    it("forgets a session that is closed, and takes closing it again in good part", async () => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      await store.open(session("a"));
      await store.open(session("b"));
      await store.close("a");
      await store.close("a");
      expect([await store.find("a"), await store.find("b")]).toEqual([null, session("b")]);
    });

    it("gives up the session not seen for longest when it is full, and says which", async () => {
      const store = await openStore({ total: 2, perPrincipal: 10 });
      await store.open(session("a", 1_000));
      await store.open(session("b", 2_000));
      await store.touch("a", 3_000);
      expect(await store.open(session("c", 4_000))).toEqual(["b"]);
      expect([await store.find("a"), await store.find("b"), await store.find("c")]).toEqual([
        session("a", 3_000),
        null,
        session("c", 4_000),
      ]);
    });

    it("lets one principal push out none but its own", async () => {
      const store = await openStore({ total: 10, perPrincipal: 2 });
      const own = (idHash: string) => ({ ...session(idHash), principalId: "greedy" });
      await store.open(session("a"));
      await store.open(own("b"));
      await store.open(own("c"));
      expect(await store.open(own("d"))).toEqual(["b"]);
      expect([await store.find("a"), await store.find("b")]).toEqual([session("a"), null]);
    });

    it("removes the sessions not seen since a time, and says which", async () => {
      const store = await openStore({ total: 10, perPrincipal: 10 });
      for (const [idHash, seenAt] of [
        ["a", 1_000],
        ["b", 1_999],
        ["c", 2_000],
      ] as const) {
        await store.open(session(idHash, seenAt));
      }
      expect((await store.expire(2_000)).toSorted()).toEqual(["a", "b"]);
      expect([await store.find("a"), await store.find("c")]).toEqual([null, session("c", 2_000)]);
      expect(await store.expire(2_000)).toEqual([]);
    });

    it("has room again after sessions were closed or have expired", async () => {
      const store = await openStore({ total: 2, perPrincipal: 10 });
      await store.open(session("a", 1_000));
      await store.open(session("b", 2_000));
      await store.close("b");
      expect(await store.open(session("c", 3_000))).toEqual([]);
      await store.expire(2_000);
      expect(await store.open(session("d", 4_000))).toEqual([]);
    });
  });
}
