import { describe, expect, it } from "vitest";
import type { AuditRecord, AuditStore } from "../../src/types/audit.ts";

export interface AuditStoreUnderTest {
  /** Opens an empty store. It goes when the test ends: `open` registers that itself (`onTestFinished`). */
  readonly open: () => Promise<{
    readonly store: AuditStore;
    /** Closes the store and opens the same again, as another process would. */
    readonly reopen: () => Promise<AuditStore>;
  }>;
}

const A = "019f0000-0000-7000-8000-00000000000a";
const B = "019f0000-0000-7000-8000-00000000000b";

export const auditRecord = (
  chain: string,
  seq: number,
  fields: Partial<AuditRecord> = {},
): AuditRecord => ({
  chain,
  seq,
  time: 1_700_000_000_000 + seq,
  actor: "plugin:one",
  action: "credential.read",
  instanceId: "one",
  subject: "shared/apiKey",
  outcome: "ok",
  requestId: "r-1",
  detail: { sequence: seq },
  previous: `mac-${seq - 1}`,
  mac: `mac-${seq}`,
  ...fields,
});

export const auditRecords = (chain: string, from: number, to: number): AuditRecord[] =>
  Array.from({ length: to - from + 1 }, (_, index) => auditRecord(chain, from + index));

/** What every driver of the `AuditStore` port does. It checks no MAC: that is the reader's part. */
export function auditStoreContract(driver: string, { open }: AuditStoreUnderTest): void {
  describe(`audit store contract: ${driver}`, () => {
    it("has nothing at first", async () => {
      const { store } = await open();
      expect(await store.heads()).toEqual([]);
      expect(await store.read(A, 1, 10)).toEqual([]);
    });

    it("gives records back as they were appended, every member of them", async () => {
      const { store } = await open();
      const all = [
        auditRecord(A, 1),
        auditRecord(A, 2, {
          actor: "client:Zo\u00eb \u{1f511}",
          instanceId: null,
          subject: null,
          requestId: null,
          action: "vault.rotate",
          outcome: "started",
          detail: { z: "last first", a: [], list: ["b", "a"], yes: true, pi: 3.5, quote: `"'\n` },
        }),
        auditRecord(A, 3, { instanceId: "", subject: "", requestId: "", detail: {} }),
      ];
      await store.append(all);
      const read = await store.read(A, 1, 10);
      expect(read).toEqual(all);
      // Order of members counts for whoever signs the text.
      expect(read.map(({ detail }) => JSON.stringify(detail))).toEqual(
        all.map(({ detail }) => JSON.stringify(detail)),
      );
    });

    it("takes an empty group", async () => {
      const { store } = await open();
      await store.append([]);
      expect(await store.heads()).toEqual([]);
    });

    it("takes a group of a thousand, and gives parts of it in order", async () => {
      const { store } = await open();
      await store.append(auditRecords(A, 1, 1_000));
      expect(await store.read(A, 1, 5_000)).toEqual(auditRecords(A, 1, 1_000));
      expect(await store.read(A, 995, 3)).toEqual(auditRecords(A, 995, 997));
      expect(await store.read(A, 999, 3)).toEqual(auditRecords(A, 999, 1_000));
      expect(await store.read(A, 1_001, 3)).toEqual([]);
    });

    it("sorts by number, not by its text", async () => {
      const { store } = await open();
      for (const seq of [1, 2, 9, 10, 100]) await store.append([auditRecord(A, seq)]);
      expect((await store.read(A, 1, 10)).map(({ seq }) => seq)).toEqual([1, 2, 9, 10, 100]);
      expect(await store.heads()).toEqual([{ chain: A, seq: 100, mac: "mac-100" }]);
    });

    it("fills no gap", async () => {
      const { store } = await open();
      await store.append([...auditRecords(A, 1, 3), ...auditRecords(A, 6, 7)]);
      expect((await store.read(A, 1, 10)).map(({ seq }) => seq)).toEqual([1, 2, 3, 6, 7]);
      expect((await store.read(A, 4, 1)).map(({ seq }) => seq)).toEqual([6]);
    });

    it("keeps chains apart, and tells the head of each, the oldest first", async () => {
      const { store } = await open();
      await store.append(auditRecords(B, 1, 2));
      await store.append(auditRecords(A, 1, 12));
      expect(await store.heads()).toEqual([
        { chain: A, seq: 12, mac: "mac-12" },
        { chain: B, seq: 2, mac: "mac-2" },
      ]);
      expect(await store.read(B, 1, 10)).toEqual(auditRecords(B, 1, 2));
    });

    it("takes again what it has, as often as it comes, and keeps it as it was", async () => {
      const { store } = await open();
      await store.append(auditRecords(A, 1, 20));
      await store.append(auditRecords(A, 1, 20));
      await store.append(auditRecords(A, 15, 25));
      expect(await store.read(A, 1, 100)).toEqual(auditRecords(A, 1, 25));
    });

    it.each([
      ["first", 1],
      ["middle", 15],
      ["last", 20],
    ])(
      "refuses a group whose %s record it has otherwise, and changes none of what it has",
      async (_where, seq) => {
        const { store } = await open();
        await store.append([auditRecord(A, seq, { mac: "other" })]);
        await expect(store.append(auditRecords(A, 1, 20))).rejects.toMatchObject({
          code: "CONFLICT",
        });
        expect(await store.read(A, seq, 1)).toEqual([auditRecord(A, seq, { mac: "other" })]);
        // All or a beginning: nothing that comes after the record that was refused.
        expect(await store.read(A, seq + 1, 100)).toEqual([]);
      },
    );

    it("names its chains, and tells heads from one on", async () => {
      const { store } = await open();
      expect(await store.chains()).toEqual([]);
      await store.append(auditRecords(B, 1, 2));
      await store.append(auditRecords(A, 1, 3));
      expect(await store.chains()).toEqual([A, B]);
      const heads = [
        { chain: A, seq: 3, mac: "mac-3" },
        { chain: B, seq: 2, mac: "mac-2" },
      ];
      expect(await store.heads(A)).toEqual(heads);
      expect(await store.heads(B)).toEqual(heads.slice(1));
      expect(await store.heads(`${B}0`)).toEqual([]);
    });

    it("cuts all of one chain", async () => {
      const { store } = await open();
      await store.append(auditRecords(A, 1, 20));
      await store.append(auditRecords(B, 1, 3));
      await store.cut(A);
      await store.cut(A);
      expect(await store.read(A, 1, 100)).toEqual([]);
      expect(await store.heads()).toEqual([{ chain: B, seq: 3, mac: "mac-3" }]);
      await store.append(auditRecords(B, 4, 5));
      expect(await store.heads()).toEqual([{ chain: B, seq: 5, mac: "mac-5" }]);
    });

    it("has all of it when it is opened again", async () => {
      const { store, reopen } = await open();
      await store.append(auditRecords(A, 1, 30));
      await store.append(auditRecords(B, 1, 3));
      await store.sync?.();
      await store.cut(B);
      const again = await reopen();
      expect(await again.read(A, 1, 100)).toEqual(auditRecords(A, 1, 30));
      expect(await again.heads()).toEqual([{ chain: A, seq: 30, mac: "mac-30" }]);
    });
  });
}
