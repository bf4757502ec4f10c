import { describe, expect, it } from "vitest";
import { createMemoryAudit } from "../../../src/index.ts";
import {
  allRecords,
  auditEntry,
  auditKey,
  createFaultyStore,
  createMemoryAnchor,
  openLog,
} from "../../helpers/audit.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

const DAY = 24 * 60 * 60 * 1_000;
const wait = async () => {};

/** A process a day, for some days, and the log of the next. */
async function makeDays(days: number) {
  const time = createFakeTime();
  const start = time.now();
  const anchor = createMemoryAnchor();
  const sinks = [
    createMemoryAudit("journal"),
    createFaultyStore("database", { central: true }),
  ] as const;
  const chains: string[] = [];
  for (let day = 0; day < days; day++) {
    const { log } = openLog({ sinks, time, anchors: [anchor] });
    await log.record(auditEntry());
    chains.push(log.status().head!.chain);
    await log.close();
    await time.advance(DAY);
  }
  const { log } = openLog({ sinks, time, anchors: [anchor] });
  return { log, time, start, chains, sinks, anchor };
}

describe("retention", () => {
  it("takes away whole chains that are old, in every store, and signs that before", async () => {
    const { log, start, chains, sinks } = await makeDays(5);
    expect(await log.prune(start + 3 * DAY)).toEqual({ chains: 3, records: 9 });
    for (const store of sinks) {
      const heads = await store.heads();
      expect(heads.map(({ chain }) => chain).slice(0, 2)).toEqual(chains.slice(3));
    }
    const records = await allRecords(sinks[0]);
    const opening = records.findLast(({ action }) => action === "chain.open")!;
    expect(opening.detail["cut"]).toBe(chains[2]);
    expect(
      records
        .filter(({ action }) => action === "audit.prune")
        .map(({ outcome, subject, detail }) => [outcome, subject, detail]),
    ).toEqual(
      ["started", "ok"].map((outcome) => [
        outcome,
        chains[2],
        { chains: 3, records: 9, olderThan: new Date(start + 3 * DAY).toISOString() },
      ]),
    );
    await log.flush();
    expect((await log.verify({ wait })).faults).toEqual([]);
  });

  it("takes away nothing that is not old, and never its own chain", async () => {
    const { log, start, time } = await makeDays(2);
    expect(await log.prune(start)).toEqual({ chains: 0, records: 0 });
    await log.record(auditEntry());
    expect(await log.prune(time.now() + 100 * DAY)).toEqual({ chains: 2, records: 6 });
    expect((await log.verify({ wait })).faults).toEqual([]);
    expect(await log.prune(time.now() + 100 * DAY)).toEqual({ chains: 1, records: 3 });
    expect((await log.verify({ wait })).faults).toEqual([]);
  });

  it("takes away nothing when that cannot be signed", async () => {
    const { start, sinks, chains } = await makeDays(3);
    const [journal, central] = sinks;
    const broken = openLog({
      sinks: [
        {
          ...journal,
          append: async () => {
            throw new Error("ENOSPC");
          },
        },
      ],
    });
    await expect(broken.log.prune(start + 2 * DAY)).rejects.toMatchObject({
      code: "AUDIT_UNAVAILABLE",
    });
    expect((await journal.heads()).map(({ chain }) => chain)).toEqual(chains);
    expect((await central.heads()).map(({ chain }) => chain)).toEqual(chains);
  });

  it("shows a chain that somebody took away without a signed cut, or beyond it", async () => {
    const { log, start, chains, sinks } = await makeDays(5);
    await log.prune(start + 2 * DAY);
    for (const store of sinks) await store.cut(chains[2]!);
    const { faults } = await log.verify({ wait });
    expect(faults.map(({ kind, chain, store }) => [kind, chain, store])).toEqual([
      ["chain-missing", chains[2], "all"],
    ]);
  });

  it.each([
    ["edited", (mac: string) => mac],
    ["signed with another key", (mac: string) => mac.toUpperCase()],
  ])("does not take a cut that is %s", async (_how, forge) => {
    const { log, chains, sinks } = await makeDays(4);
    await log.record(auditEntry());
    await log.flush();
    const { chain } = log.status().head!;
    for (const store of sinks) {
      const [opening] = await store.read(chain, 1, 1);
      const rest = await store.read(chain, 2, 100);
      await store.cut(chain);
      await store.append([
        { ...opening!, detail: { ...opening!.detail, cut: chains[2]! }, mac: forge(opening!.mac) },
        ...rest,
      ]);
      for (const old of chains.slice(0, 3)) await store.cut(old);
    }
    const { faults } = await log.verify({ wait });
    expect(
      faults.filter(({ kind }) => kind === "chain-missing").map((fault) => fault.chain),
    ).toEqual([chains[2], chains[1], chains[0]]);
    expect(faults.filter(({ kind }) => kind === "edited")).toHaveLength(2);
  });

  it.each([
    ["that is no chain's id", "fzzz"],
    ["that is an id of no version that we make", "018bcfe5-6800-4000-8000-00000000000a"],
    ["of a chain that nobody began", "018bf000-0000-7000-8000-00000000000a"],
  ])("signs no cut through a name %s", async (_what, made) => {
    const { log, time, chains, sinks } = await makeDays(3);
    const [record] = await sinks[0].read(chains[0]!, 1, 1);
    await sinks[1].append([{ ...record!, chain: made }]);
    // The server was down for longer than records are kept, and has no chain yet.
    await time.advance(100 * DAY);
    expect(await log.prune(time.now() - 10 * DAY)).toEqual({ chains: 3, records: 9 });
    const opening = (await allRecords(sinks[0])).findLast(({ action }) => action === "chain.open")!;
    expect(opening.detail["cut"]).toBe(chains[2]);
  });

  it("signs no cut beyond the time that it is asked for", async () => {
    const time = createFakeTime();
    const store = createMemoryAudit();
    const ahead = openLog({ sinks: [store], time: createFakeTime(time.now() + 100 * DAY) });
    await ahead.log.record(auditEntry());
    await ahead.log.close();
    // The clock was put right: what comes is of an earlier time, in chains with later ids.
    const right = openLog({ sinks: [store], time });
    await right.log.record(auditEntry());
    await right.log.close();
    // What would have stood in the way is gone: somebody took it away.
    await store.cut(ahead.log.status().head!.chain);
    await time.advance(10 * DAY);
    const { log } = openLog({ sinks: [store], time });
    expect(await log.prune(time.now())).toEqual({ chains: 0, records: 0 });
  });

  it("goes on holding the cut when the chain that signed it is gone itself", async () => {
    const { log, start, time, sinks, anchor } = await makeDays(3);
    await log.prune(start + DAY);
    await log.close();
    await time.advance(10 * DAY);
    const next = openLog({ sinks, time, anchors: [anchor] });
    await next.log.prune(time.now() - DAY);
    await next.log.close();
    await time.advance(10 * DAY);
    const last = openLog({ sinks, time, anchors: [anchor] });
    await last.log.record(auditEntry());
    await last.log.flush();
    expect((await last.log.verify({ wait })).faults).toEqual([]);
  });

  it("says when a store could not forget, and has it done the next time", async () => {
    const { log, start, sinks, chains } = await makeDays(3);
    sinks[1].cutFault = new Error("EROFS: read-only file system");
    await log.prune(start + DAY);
    const outcomes = async () =>
      (await allRecords(sinks[0]))
        .filter(({ action }) => action === "audit.prune")
        .map(({ outcome }) => outcome);
    expect(await outcomes()).toEqual(["started", "failed"]);
    expect((await log.verify({ wait })).faults).toEqual([]);
    sinks[1].cutFault = null;
    await log.prune(start + DAY);
    expect((await sinks[1].heads())[0]!.chain).toBe(chains[1]);
  });
});

describe("recovery", () => {
  it("puts into the central store what a dead process left in its journal", async () => {
    const journal = createMemoryAudit("journal");
    const central = createFaultyStore("database", { central: true });
    const died = openLog({ sinks: [journal, central] });
    for (let index = 0; index < 600; index++) await died.log.record(auditEntry());
    const { log, logger } = openLog({ sinks: [journal, central] });
    const missing = 601 - (await allRecords(central)).length;
    expect(await log.recover()).toEqual({ copied: missing });
    expect(await allRecords(central)).toEqual(await allRecords(journal));
    expect(logger.records.map(({ level, fields }) => [level, fields])).toEqual([
      ["warn", { copied: missing }],
    ]);
    expect(await log.recover()).toEqual({ copied: 0 });
  });

  it("brings back neither what retention took away nor what somebody changed", async () => {
    const { log, start, sinks, chains } = await makeDays(3);
    const [journal, central] = sinks;
    const old = await journal.read(chains[0]!, 1, 10);
    await log.prune(start + DAY);
    await journal.append(old);
    await central.cut(chains[1]!);
    const forged = (await journal.read(chains[1]!, 1, 10)).map((record) =>
      record.seq === 2 ? { ...record, actor: "client:forged" } : record,
    );
    await journal.cut(chains[1]!);
    await journal.append(forged);
    expect(auditKey.isAuthentic(forged[1]!)).toBe(false);
    await log.flush();
    expect(await log.recover()).toEqual({ copied: 1 });
    expect(await central.read(chains[0]!, 1, 10)).toEqual([]);
    expect(await central.read(chains[1]!, 1, 10)).toHaveLength(1);
  });
});
