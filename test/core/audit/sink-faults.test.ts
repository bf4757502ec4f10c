import { describe, expect, it } from "vitest";
import { createMemoryAudit } from "../../../src/index.ts";
import { allRecords, auditEntry, createFaultyStore, openLog } from "../../helpers/audit.ts";

const noSpace = () => new Error("ENOSPC: no space left on device");

describe("an audit log whose sinks fail", () => {
  it("refuses what no sink takes, and goes on without a gap when one does again", async () => {
    const store = createFaultyStore("journal");
    const { log } = openLog({ sinks: [store] });
    await log.record(auditEntry({ requestId: "before" }));
    store.fault = noSpace();
    for (const requestId of ["a", "b", "c"]) {
      await expect(log.record(auditEntry({ requestId }))).rejects.toMatchObject({
        code: "AUDIT_UNAVAILABLE",
      });
    }
    store.fault = null;
    await log.record(auditEntry({ requestId: "after" }));
    const records = await allRecords(store);
    // The first that was refused may have been written, so it stays; the record after it says what it is worth.
    expect(records.map(({ action, requestId }) => requestId ?? action)).toEqual([
      "chain.open",
      "before",
      "a",
      "audit.outage",
      "after",
    ]);
    expect(records[3]!.detail).toEqual({ refusedCalls: 3, recordsBefore: 1 });
    expect((await log.verify()).faults).toEqual([]);
    expect(log.status().refused).toBe(3);
  });

  it.each([0, 1, 2, 3])(
    "stays whole when a sink took %i of three records that it refused",
    async (takes) => {
      const store = createFaultyStore("journal");
      const { log } = openLog({ sinks: [store] });
      await log.record(auditEntry());
      store.fault = noSpace();
      store.takes = takes;
      const group = ["a", "b", "c"].map((requestId) => log.record(auditEntry({ requestId })));
      expect((await Promise.allSettled(group)).map(({ status }) => status)).toEqual([
        "rejected",
        "rejected",
        "rejected",
      ]);
      store.fault = null;
      await log.record(auditEntry());
      expect((await log.verify()).faults).toEqual([]);
      expect(await allRecords(store)).toHaveLength(7);
    },
  );

  it("survives that one of two fails, says so once, and brings it what it missed", async () => {
    const journal = createFaultyStore("journal");
    const central = createFaultyStore("database", { central: true });
    const { log, time, logger } = openLog({ sinks: [journal, central] });
    await log.record(auditEntry());
    await time.advance(1_000);
    journal.fault = noSpace();
    for (let index = 0; index < 20; index++) await log.record(auditEntry());
    // The one that is left is waited for.
    expect(await allRecords(central)).toHaveLength(22);
    expect(log.status().sinks).toMatchObject([
      { name: "journal", isHealthy: false, behind: 20, lost: 0, error: noSpace().message },
      { name: "database", isHealthy: true, behind: 0 },
    ]);
    expect(logger.records.filter(({ level }) => level === "error")).toHaveLength(1);
    journal.fault = null;
    await time.advance(60_000);
    expect(log.status().sinks[0]).toMatchObject({ isHealthy: true, behind: 0, failures: 0 });
    expect(await allRecords(journal)).toEqual(await allRecords(central));
  });

  it("brings a sink what is not in memory any more from the other", async () => {
    const journal = createMemoryAudit("journal");
    const central = createFaultyStore("database", { central: true });
    const { log, time } = openLog({ sinks: [journal, central] });
    central.fault = noSpace();
    for (let group = 0; group < 30; group++) {
      await Promise.all(Array.from({ length: 500 }, () => log.record(auditEntry())));
    }
    central.fault = null;
    await time.advance(120_000);
    expect(log.status().sinks[1]).toMatchObject({ behind: 0, lost: 0 });
    expect(await allRecords(central)).toEqual(await allRecords(journal));
    expect(await allRecords(central)).toHaveLength(15_001);
  });

  it("does not copy what somebody changed from one store into the other", async () => {
    const journal = createMemoryAudit("journal");
    const central = createFaultyStore("database", { central: true });
    const forging = {
      ...journal,
      read: async (chain: string, from: number, limit: number) =>
        (await journal.read(chain, from, limit)).map((record) =>
          record.seq === 100 ? { ...record, actor: "client:forged" } : record,
        ),
    };
    const { log, time } = openLog({ sinks: [forging, central] });
    central.fault = noSpace();
    for (let group = 0; group < 30; group++) {
      await Promise.all(Array.from({ length: 500 }, () => log.record(auditEntry())));
    }
    central.fault = null;
    await time.advance(120_000);
    expect(await allRecords(central)).toHaveLength(99);
    expect(log.status().sinks[1]).toMatchObject({ isHealthy: false });
  });

  it("gives up on a sink that does not answer", async () => {
    const hanging = { name: "hanging", append: () => new Promise<void>(() => {}) };
    const { log, time } = openLog({ sinks: [hanging] });
    const recorded = Promise.allSettled([log.record(auditEntry())]);
    await time.advance(5_000);
    expect(await recorded).toMatchObject([{ reason: { code: "AUDIT_UNAVAILABLE" } }]);
  });

  it("does not wait for a sink that hangs where another works", async () => {
    const hanging = { name: "hanging", append: () => new Promise<void>(() => {}) };
    const { log } = openLog({ sinks: [hanging, createMemoryAudit()] });
    await log.record(auditEntry());
    expect(log.status().sinks[1]).toMatchObject({ behind: 0 });
  });

  it("begins another chain where a sink has other records in the place of its own", async () => {
    const store = createMemoryAudit();
    const { log } = openLog({ sinks: [store] });
    await log.record(auditEntry());
    const [head] = await store.heads();
    await store.append([{ ...(await allRecords(store))[1]!, seq: 3, mac: "other" }]);
    await expect(log.record(auditEntry())).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    await log.record(auditEntry({ requestId: "after" }));
    expect(log.status().head!.chain).not.toBe(head!.chain);
    expect((await allRecords(store)).at(-1)!.requestId).toBe("after");
  });
});
