import { describe, expect, it } from "vitest";
import {
  createMemoryAudit,
  formatAudit,
  parseAuditLine,
  type AuditQuery,
} from "../../../src/index.ts";
import { auditEntry, createFaultyStore, openLog } from "../../helpers/audit.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Two processes that write in turns, a second apart, and one that came before them. */
async function makeLogs() {
  const time = createFakeTime();
  const start = time.now();
  const sinks = [createMemoryAudit("journal"), createFaultyStore("database", { central: true })];
  const first = openLog({ sinks, time }).log;
  await first.record(auditEntry({ requestId: "r-0" }));
  await first.close();
  const logs = [openLog({ sinks, time }).log, openLog({ sinks, time }).log];
  for (let index = 1; index <= 500; index++) {
    await time.advance(1_000);
    const actor = index % 2 === 0 ? "client:even" : "client:odd";
    await logs[index % 2]!.record(auditEntry({ requestId: `r-${index}`, actor }));
  }
  for (const log of logs) await log.flush();
  const ids = async (query: AuditQuery) =>
    (await collect(logs[0]!.records(query))).flatMap(({ requestId }) => requestId ?? []);
  return { start, ids, log: logs[0]! };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `r-${from + index}`);

describe("reading the audit record", () => {
  it("gives all chains in the order of time, each record once, either way", async () => {
    const { ids } = await makeLogs();
    expect(await ids({})).toEqual(range(0, 500));
    expect(await ids({ newestFirst: true })).toEqual(range(0, 500).toReversed());
  });

  it("gives what is asked for", async () => {
    const { ids, start, log } = await makeLogs();
    expect(await ids({ since: start + 490_000, until: start + 495_000 })).toEqual(range(490, 495));
    expect(await ids({ since: start + 498_000, actor: "client:even" })).toEqual(["r-498", "r-500"]);
    expect(await ids({ instanceId: "two" })).toEqual([]);
    expect(await ids({ outcome: "refused" })).toEqual([]);
    expect(await ids({ action: "credential.read", until: start })).toEqual(["r-0"]);
    const opened = await collect(log.records({ action: "chain.open" }));
    expect(opened.map(({ seq }) => seq)).toEqual([1, 1, 1]);
  });

  it("has what was recorded just now, and stops where the reader does", async () => {
    const { log } = await makeLogs();
    await log.record(auditEntry({ requestId: "now" }));
    const newest: (string | null)[] = [];
    for await (const { requestId } of log.records({ newestFirst: true })) {
      newest.push(requestId);
      if (newest.length === 2) break;
    }
    expect(newest).toEqual(["now", "r-500"]);
  });
});

describe("exporting the audit record", () => {
  it("gives lines that say all that was written", async () => {
    const { log } = await makeLogs();
    const records = await collect(log.records({}));
    const text = (await collect(formatAudit(log.records({}), "jsonl"))).join("");
    const lines = text.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map(parseAuditLine)).toEqual(records);
  });

  it("gives CSV with quotes where they are due, and no formulas", async () => {
    const { log } = openLog({ sinks: [createMemoryAudit()] });
    await log.record(
      auditEntry({
        actor: '=HYPERLINK("http://evil.example")',
        subject: "two\nlines, and a comma",
        instanceId: null,
        requestId: "-1+1",
        detail: { list: ["a", "b"] },
      }),
    );
    const [header, , row] = await collect(formatAudit(log.records({}), "csv"));
    const { chain } = log.status().head!;
    const [record] = await collect(log.records({ action: "credential.read" }));
    expect(header).toBe(
      "time,chain,seq,actor,action,instance,subject,outcome,request,detail,previous,mac\r\n",
    );
    const guarded = (mac: string) => (mac.startsWith("-") ? `'${mac}` : mac);
    expect(row).toBe(
      [
        new Date(record!.time).toISOString(),
        chain,
        2,
        `"'=HYPERLINK(""http://evil.example"")"`,
        "credential.read",
        "",
        '"two\nlines, and a comma"',
        "ok",
        "'-1+1",
        '"{""list"":[""a"",""b""]}"',
        guarded(record!.previous),
        `${guarded(record!.mac)}\r\n`,
      ].join(","),
    );
  });

  it.each(["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])(
    "puts an apostrophe before %j",
    async (subject) => {
      const { log } = openLog({ sinks: [createMemoryAudit()] });
      await log.record(auditEntry({ subject }));
      const row = (await collect(formatAudit(log.records({}), "csv"))).at(-1)!;
      expect(row).toContain(`'${subject}`);
    },
  );
});
