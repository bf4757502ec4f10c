import { describe, expect, it } from "vitest";
import { createMemoryAudit } from "../../../src/index.ts";
import {
  allRecords,
  auditEntry,
  createFaultyStore,
  createMemoryAnchor,
  openLog,
} from "../../helpers/audit.ts";

const DAY = 24 * 60 * 60 * 1_000;
const noSpace = () => new Error("ENOSPC: no space left on device");

describe("an audit log on disk and in anchors", () => {
  it("makes a durable record survive before it resolves, all others within a second", async () => {
    let syncs = 0;
    const journal = { ...createMemoryAudit("journal"), sync: async () => void syncs++ };
    const { log, time } = openLog({ sinks: [journal] });
    await log.record(auditEntry());
    expect(syncs).toBe(0);
    await log.record(auditEntry(), "durable");
    expect(syncs).toBe(1);
    await log.record(auditEntry());
    await time.advance(1_000);
    expect(syncs).toBe(2);
    await time.advance(10_000);
    expect(syncs).toBe(2);
  });

  it("takes a hundred records to the disk at once", async () => {
    let syncs = 0;
    const journal = { ...createMemoryAudit("journal"), sync: async () => void syncs++ };
    const { log, time } = openLog({ sinks: [journal] });
    for (let index = 0; index < 99; index++) await log.record(auditEntry());
    await time.advance(0);
    expect(syncs).toBe(1);
  });

  it("lets the other store vouch for a durable record, and refuses it when none can", async () => {
    const fault = async () => {
      throw new Error("EIO: i/o error, fsync");
    };
    const journal = { ...createMemoryAudit("journal"), sync: fault };
    const central = createFaultyStore("database", { central: true });
    const { log } = openLog({ sinks: [journal, central] });
    await log.record(auditEntry(), "durable");
    expect(await allRecords(central)).toHaveLength(2);
    central.fault = noSpace();
    await expect(log.record(auditEntry(), "durable")).rejects.toMatchObject({
      code: "AUDIT_UNAVAILABLE",
    });
    await log.record(auditEntry());
  });

  it("anchors once a second at most, however much is recorded", async () => {
    const anchor = createMemoryAnchor();
    const journal = { ...createMemoryAudit("journal"), sync: async () => {} };
    const { log, time } = openLog({ sinks: [journal], anchors: [anchor] });
    for (let index = 0; index < 1_000; index++) await log.record(auditEntry());
    await time.advance(0);
    expect(anchor.calls).toBe(1);
    await time.advance(1_000);
    expect(anchor.calls).toBe(2);
    expect((await anchor.heads())[0]!.seq).toBe(1_001);
  });

  it("anchors a head within a second and the last one when it closes", async () => {
    const anchor = createMemoryAnchor();
    const { log, time } = openLog({ sinks: [createMemoryAudit()], anchors: [anchor] });
    await log.record(auditEntry());
    expect(anchor.calls).toBe(0);
    await time.advance(1_000);
    expect((await anchor.heads())[0]!.seq).toBe(2);
    await log.record(auditEntry());
    await log.close();
    expect((await anchor.heads())[0]!.seq).toBe(4);
    expect(anchor.calls).toBe(2);
  });

  it("anchors only what survives a power cut", async () => {
    const anchor = createMemoryAnchor();
    const journal = { ...createMemoryAudit("journal"), sync: () => new Promise<void>(() => {}) };
    const { log, time } = openLog({ sinks: [journal], anchors: [anchor] });
    await log.record(auditEntry());
    await time.advance(20_000);
    expect(anchor.calls).toBe(0);
  });

  it("anchors the end of a chain that it closed on its way", async () => {
    const anchor = createMemoryAnchor();
    const store = createMemoryAudit();
    const { log, time } = openLog({ sinks: [store], anchors: [anchor] });
    await log.record(auditEntry());
    await time.advance(DAY);
    await log.record(auditEntry());
    await time.advance(1_000);
    expect(await anchor.heads()).toEqual(await store.heads());
  });

  it("never fails a call for an anchor, and tries it again", async () => {
    const anchor = createMemoryAnchor();
    anchor.fault = new Error("out of reach");
    const { log, time, logger } = openLog({ sinks: [createMemoryAudit()], anchors: [anchor] });
    await log.record(auditEntry());
    await time.advance(5_000);
    expect(log.status().anchors).toMatchObject([{ isHealthy: false, error: "out of reach" }]);
    expect(logger.records.filter(({ level }) => level === "error")).toHaveLength(1);
    anchor.fault = null;
    await time.advance(60_000);
    expect(log.status().anchors).toMatchObject([{ isHealthy: true, error: null }]);
    expect((await anchor.heads())[0]!.seq).toBe(2);
  });
});
