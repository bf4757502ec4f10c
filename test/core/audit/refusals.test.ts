import { describe, expect, it } from "vitest";
import { createMemoryAudit, createRefusalRecorder } from "../../../src/index.ts";
import { allRecords, auditEntry, createFaultyStore, openLog } from "../../helpers/audit.ts";

const refusal = (requestId: string) =>
  auditEntry({ action: "auth.refused", outcome: "refused", actor: "client:anonymous", requestId });

function open(store = createMemoryAudit()) {
  const { log, time, logger } = openLog({ sinks: [store] });
  const recorder = createRefusalRecorder({ audit: log, time, logger });
  const refuse = (count: number) => {
    for (let index = 0; index < count; index++) recorder.record(refusal(`r-${index}`));
  };
  const records = async () =>
    (await allRecords(store)).filter(({ action }) => action === "auth.refused");
  return { recorder, refuse, records, time, logger };
}

describe("the record of refusals", () => {
  it("has a hundred that come at once, and then twenty a second", async () => {
    const { refuse, records, time } = open();
    refuse(150);
    await time.advance(0);
    expect(await records()).toHaveLength(100);
    await time.advance(1_000);
    refuse(150);
    await time.advance(0);
    expect(await records()).toHaveLength(120);
  });

  it("tells every ten seconds how many it only counted", async () => {
    const { refuse, records, time } = open();
    const start = time.now();
    refuse(5_000);
    await time.advance(10_000);
    const summary = (await records()).at(-1)!;
    expect(summary).toMatchObject({
      actor: "system",
      action: "auth.refused",
      outcome: "refused",
      detail: { notRecorded: 4_900, since: new Date(start).toISOString() },
    });
    await time.advance(60_000);
    expect(await records()).toHaveLength(101);
  });

  it("tells what it counted when it closes", async () => {
    const { recorder, refuse, records } = open();
    refuse(101);
    await recorder.close();
    expect((await records()).at(-1)!.detail["notRecorded"]).toBe(1);
  });

  it("throws nothing when nothing can be recorded, and logs it", async () => {
    const store = createFaultyStore("journal");
    store.fault = new Error("ENOSPC");
    const { refuse, time, logger } = open(store);
    refuse(1);
    await time.advance(0);
    expect(logger.records.map(({ message }) => message)).toContain(
      "A refusal is not in the audit record",
    );
  });
});
