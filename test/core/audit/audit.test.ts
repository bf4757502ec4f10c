import { describe, expect, it } from "vitest";
import { createAuditLog, createMemoryAudit, createScrubber } from "../../../src/index.ts";
import {
  allRecords,
  AUDIT_KEY,
  auditEntry,
  auditKey,
  createFaultyStore,
  NO_SECRETS,
  openLog,
} from "../../helpers/audit.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

const DAY = 24 * 60 * 60 * 1_000;

describe("an audit log", () => {
  it("needs a sink and a key of 32 bytes, and zeroes the key", () => {
    const deps = {
      scrubber: NO_SECRETS,
      time: createFakeTime(),
      logger: createRecordingLogger(),
    };
    expect(() => createAuditLog({ ...deps, key: AUDIT_KEY.slice(), sinks: [] })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
    const sinks = [createMemoryAudit()];
    expect(() => createAuditLog({ ...deps, key: new Uint8Array(31), sinks })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
    const key = AUDIT_KEY.slice();
    createAuditLog({ ...deps, key, sinks });
    expect(key).toEqual(new Uint8Array(32));
  });

  it("opens its chain with the first record, links each to the one before, and closes it", async () => {
    const store = createMemoryAudit();
    const { log } = openLog({ sinks: [store] });
    expect(await store.heads()).toEqual([]);
    await log.record(auditEntry());
    await log.record(auditEntry({ action: "credential.write" }));
    await log.close();
    const records = await allRecords(store);
    expect(records.map(({ seq, action }) => [seq, action])).toEqual([
      [1, "chain.open"],
      [2, "credential.read"],
      [3, "credential.write"],
      [4, "chain.close"],
    ]);
    for (const [index, record] of records.entries()) {
      expect(auditKey.isAuthentic(record)).toBe(true);
      expect(record.previous).toBe(records[index - 1]?.mac ?? auditKey.start(record.chain));
    }
    await expect(log.record(auditEntry())).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
  });

  it("leaves no trace where nothing was recorded", async () => {
    const store = createMemoryAudit();
    const { log } = openLog({ sinks: [store] });
    await log.flush();
    await log.close();
    expect(await store.heads()).toEqual([]);
  });

  it("writes what comes in one turn together, in order", async () => {
    const store = createFaultyStore("journal");
    const { log } = openLog({ sinks: [store] });
    await log.record(auditEntry());
    store.groups.length = 0;
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        log.record(auditEntry({ requestId: `r-${index}` })),
      ),
    );
    expect(store.groups).toEqual([100]);
    const records = (await allRecords(store)).slice(2);
    expect(records.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 100 }, (_, index) => `r-${index}`),
    );
  });

  it("resolves when it has the record, not before", async () => {
    const store = createMemoryAudit();
    const { log } = openLog({ sinks: [store] });
    await log.record(auditEntry({ requestId: "mine" }));
    expect((await allRecords(store)).at(-1)!.requestId).toBe("mine");
  });

  it("gives a central store its records in batches, a second later", async () => {
    const journal = createMemoryAudit("journal");
    const central = createFaultyStore("database", { central: true });
    const { log, time } = openLog({ sinks: [journal, central] });
    for (let index = 0; index < 10; index++) await log.record(auditEntry());
    expect(await allRecords(central)).toEqual([]);
    await time.advance(1_000);
    expect(central.groups).toEqual([11]);
    expect(await allRecords(central)).toEqual(await allRecords(journal));
  });

  it("waits for a central store where that is the only one", async () => {
    const central = createFaultyStore("database", { central: true });
    const { log } = openLog({ sinks: [central] });
    await log.record(auditEntry());
    expect(await allRecords(central)).toHaveLength(2);
  });

  it("takes secrets out, bounds what is long, and keeps only what every store gives back", async () => {
    const store = createMemoryAudit();
    const scrubber = createScrubber();
    scrubber.learn(new TextEncoder().encode("swordfish-secret"));
    const { log } = openLog({ sinks: [store], scrubber });
    await log.record({
      ...auditEntry(),
      actor: `client:swordfish-secret`,
      subject: `${"x".repeat(505)}swordfish-secret`,
      requestId: "a\0b\ud800",
      detail: {
        "swordfish-secret": "swordfish-secret",
        list: Array.from({ length: 500 }, () => "swordfish-secret"),
        long: "y".repeat(5_000),
        odd: Number.NaN,
      },
    });
    const { actor, subject, requestId, detail } = (await allRecords(store)).at(-1)!;
    expect(actor).toBe("client:[redacted]");
    expect(subject).toBe(`${"x".repeat(505)}[redac…`);
    expect(requestId).toBe("a\u{fffd}b\u{fffd}");
    expect(detail["[redacted]"]).toBe("[redacted]");
    expect(detail["list"]).toEqual(Array.from({ length: 100 }, () => "[redacted]"));
    expect(detail["long"]).toBe(`${"y".repeat(1_023)}…`);
    expect(detail["odd"]).toBe("NaN");
  });

  it("closes a chain after a day and goes on in another, which holds the end of the first", async () => {
    const store = createMemoryAudit();
    const { log, time } = openLog({ sinks: [store] });
    await log.record(auditEntry());
    await time.advance(DAY);
    await log.record(auditEntry());
    const records = await allRecords(store);
    expect(records.map(({ action }) => action)).toEqual([
      "chain.open",
      "credential.read",
      "chain.close",
      "chain.open",
      "credential.read",
    ]);
    const { chain, seq, mac } = records[2]!;
    expect(records[3]!.detail["heads"]).toEqual([`${chain} ${seq} ${mac}`]);
  });

  it("holds the end of each chain that no other holds, and of no other", async () => {
    const store = createMemoryAudit();
    const time = createFakeTime();
    const ends: string[] = [];
    for (let run = 0; run < 3; run++) {
      const { log } = openLog({ sinks: [store], time });
      await log.record(auditEntry());
      await log.close();
      await time.advance(1_000);
      const { chain, seq, mac } = (await store.heads()).at(-1)!;
      ends.push(`${chain} ${seq} ${mac}`);
    }
    const openings = (await allRecords(store)).filter(({ seq }) => seq === 1);
    expect(openings.map(({ detail }) => detail["heads"])).toEqual([[], [ends[0]], [ends[1]]]);
  });

  it("begins without reading what older chains hold already", async () => {
    const inner = createMemoryAudit("journal");
    const asked: string[] = [];
    const store = {
      ...inner,
      read: (chain: string, fromSeq: number, limit: number) => {
        asked.push(`${chain} ${fromSeq}`);
        return inner.read(chain, fromSeq, limit);
      },
    };
    const time = createFakeTime();
    const chains: string[] = [];
    for (let day = 0; day < 10; day++) {
      const { log } = openLog({ sinks: [store], time });
      await log.record(auditEntry());
      chains.push(log.status().head!.chain);
      await log.close();
      await time.advance(DAY);
    }
    asked.length = 0;
    const { log } = openLog({ sinks: [store], time });
    await log.record(auditEntry());
    const newest = chains.at(-1)!;
    // Its opening, those of the two days before it, and the one end that no other chain holds.
    expect(asked).toEqual([
      `${newest} 1`,
      ...chains.slice(-3).map((chain) => `${chain} 1`),
      `${newest} 3`,
    ]);
  });

  it("holds what a chain got after a newer one began", async () => {
    const store = createMemoryAudit();
    const time = createFakeTime();
    const older = openLog({ sinks: [store], time });
    await older.log.record(auditEntry());
    await time.advance(1_000);
    const newer = openLog({ sinks: [store], time });
    await newer.log.record(auditEntry());
    await older.log.record(auditEntry());
    await time.advance(1_000);
    const last = openLog({ sinks: [store], time });
    await last.log.record(auditEntry());
    const [opening] = await store.read(last.log.status().head!.chain, 1, 1);
    expect(
      (opening!.detail["heads"] as readonly string[]).map((text) => text.split(" ").slice(0, 2)),
    ).toEqual([
      [older.log.status().head!.chain, "3"],
      [newer.log.status().head!.chain, "2"],
    ]);
  });

  it("has the end of a chain that stood idle for days held by another when it closes", async () => {
    const store = createMemoryAudit();
    const time = createFakeTime();
    const idle = openLog({ sinks: [store], time });
    await idle.log.record(auditEntry());
    const { chain } = idle.log.status().head!;
    await time.advance(10 * DAY);
    const other = openLog({ sinks: [store], time });
    await other.log.record(auditEntry());
    await idle.log.close();
    const held = (await allRecords(store)).flatMap(({ detail }) => detail["heads"] ?? []);
    const [end] = await store.read(chain, 3, 1);
    expect(end!.action).toBe("chain.close");
    expect(held).toContain(`${chain} 3 ${end!.mac}`);
  });

  it("begins chains in order though the clock was set back", async () => {
    const store = createMemoryAudit();
    const first = openLog({ sinks: [store], time: createFakeTime(1_700_000_000_000) });
    await first.log.record(auditEntry());
    const second = openLog({ sinks: [store], time: createFakeTime(1_600_000_000_000) });
    await second.log.record(auditEntry());
    expect((await store.heads()).map(({ chain }) => chain)).toEqual([
      first.log.status().head!.chain,
      second.log.status().head!.chain,
    ]);
  });

  it("is not led astray by chains and numbers that somebody made up", async () => {
    const journal = createMemoryAudit("journal");
    const store = createMemoryAudit("database");
    const first = openLog({ sinks: [journal, store] });
    await first.log.record(auditEntry());
    const [record] = (await allRecords(store)).slice(-1);
    for (const chain of ["zzz", "00000000", "ffffffff-ffff-7fff-8fff-ffffffffffff"]) {
      await store.append([{ ...record!, chain, seq: 1 }]);
    }
    await store.append([{ ...record!, seq: 1_000_000 }]);
    const second = openLog({ sinks: [journal, store] });
    await second.log.record(auditEntry());
    const { chain } = second.log.status().head!;
    expect(chain.slice(0, 8)).toBe(record!.chain.slice(0, 8));
    expect(chain > record!.chain).toBe(true);
    const [opening] = await store.read(chain, 1, 1);
    expect(opening!.detail["heads"]).toEqual([`${record!.chain} 2 ${record!.mac}`]);
  });
});
