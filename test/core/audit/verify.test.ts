import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { createAuditJournal } from "../../../adapters/node/audit-journal.ts";
import { systemEntry } from "../../../src/core/audit/stored-entry.ts";
import { uuidv7 } from "../../../src/util/ids.ts";
import { createAuditRepository, type AuditTrail } from "../../../src/index.ts";
import { auditEntry, auditKey, createMemoryAnchor, openLog } from "../../helpers/audit.ts";
import { makeDatabase, makeFolder } from "../../helpers/database.ts";

const wait = async () => {};

/** A journal and a database with one closed chain of twelve records, and an anchor. */
async function makeStores() {
  const folder = makeFolder();
  const database = makeDatabase();
  const journal = createAuditJournal({ folder, name: "journal" });
  const central = createAuditRepository(database);
  const anchor = createMemoryAnchor();
  const open = () => openLog({ sinks: [journal, central], anchors: [anchor] });
  const { log } = open();
  for (let index = 0; index < 10; index++) await log.record(auditEntry());
  await log.close();
  const [head] = await journal.heads();
  const path = join(folder, `${head!.chain}.jsonl`);
  return {
    folder,
    journal,
    central,
    anchor,
    path,
    chain: head!.chain,
    /** Changes the journal's lines. */
    lines: (change: (lines: string[]) => string[]) => {
      const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
      writeFileSync(path, `${change(lines).join("\n")}\n`);
    },
    run: (text: string) => void database.db.run(sql.raw(text)),
    verify: () => open().log.verify({ wait }),
  };
}

/** What was found, without the words. */
const brief = ({ faults }: Awaited<ReturnType<AuditTrail["verify"]>>) =>
  faults.map(({ kind, store, seq, count }) => [kind, store, seq, count]);

describe("verify", () => {
  it("finds nothing in what was written, and says how much that was", async () => {
    const { verify } = await makeStores();
    expect(await verify()).toEqual({
      chains: 1,
      openChains: 0,
      records: 24,
      faults: [],
      hasMore: false,
    });
  });

  it.each([
    ["time", "time = time + 1"],
    ["actor", "actor = 'client:other'"],
    ["action", "action = 'credential.write'"],
    ["instance", "instance_id = 'two'"],
    ["instance, taken away", "instance_id = null"],
    ["subject", "subject = 'shared/other'"],
    ["outcome", "outcome = 'refused'"],
    ["request", "request_id = 'r-2'"],
    ["detail", `detail = '{"sequence":2}'`],
    ["blanks of the detail", `detail = '{ "sequence":1}'`],
    ["previous", "previous = mac"],
    ["mac", "mac = previous"],
  ])("names an edit in the database: %s", async (_what, set) => {
    const { run, verify } = await makeStores();
    run(`update audit set ${set} where seq = 5`);
    expect(brief(await verify())).toEqual([["edited", "database", 5, 1]]);
  });

  it.each([
    ["a number that is none", "update audit set seq = 'x' where seq = 5", "edited"],
    ["a number before the first", "update audit set seq = -3 where seq = 5", "edited"],
  ])("names what has %s in the database", async (_what, text) => {
    const { run, verify } = await makeStores();
    run(text);
    const found = brief(await verify());
    expect(found).toContainEqual(["missing", "database", 5, 1]);
    expect(found).toHaveLength(2);
  });

  it("names deletions, exchanges and insertions in the database", async () => {
    const { run, verify, chain } = await makeStores();
    run("delete from audit where seq = 3");
    run("update audit set seq = 99 where seq = 5");
    run("update audit set seq = 5 where seq = 7");
    run("update audit set seq = 7 where seq = 99");
    run(
      `insert into audit select chain, 13, time, actor, action, instance_id, subject, outcome, request_id, detail, previous, mac from audit where chain = '${chain}' and seq = 9`,
    );
    expect(brief(await verify())).toEqual([
      ["edited", "database", 5, 1],
      ["edited", "database", 7, 1],
      ["inserted", "database", 13, 1],
      ["missing", "database", 3, 1],
    ]);
  });

  it.each([
    ["a member", (line: string) => line.replace("plugin:one", "plugin:two")],
    ["a blank", (line: string) => line.replace('"seq":', '"seq": ')],
    ["a member twice", (line: string) => line.replace('"seq":', '"seq":1,"seq":')],
    ["a member more", (line: string) => line.replace('{"chain"', '{"x":1,"chain"')],
    ["all of it", () => "nothing"],
    ["a carriage return", (line: string) => `${line}\r`],
  ])("names an edit in the journal: %s", async (_what, change) => {
    const { lines, verify } = await makeStores();
    lines((all) => all.with(4, change(all[4]!)));
    expect(brief(await verify())).toEqual([["edited", "journal", 5, 1]]);
  });

  it("names every single bit that was flipped in a line of the journal", async () => {
    const { path, verify } = await makeStores();
    const sound = readFileSync(path);
    const start = sound.indexOf("\n") + 1;
    const end = sound.indexOf("\n", start);
    for (let at = start; at < end; at += 5) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1 << (at % 8);
      writeFileSync(path, bytes);
      const found = brief(await verify());
      // A flip may make a newline, and of one line two.
      expect(found[0]!.slice(0, 2), `byte ${at}`).toEqual(["edited", "journal"]);
    }
  });

  it("names deletions, exchanges and copies in the journal", async () => {
    const { lines, verify } = await makeStores();
    lines((all) => all.toSpliced(2, 1));
    lines((all) => all.with(5, all[6]!).with(6, all[5]!));
    lines((all) => all.toSpliced(9, 0, all[3]!));
    expect(brief(await verify())).toEqual([
      ["reordered", "journal", 8, 1],
      ["inserted", "journal", 5, 1],
      ["missing", "journal", 3, 1],
    ]);
  });

  it("names every length to which the journal was cut, and half a line apart from that", async () => {
    const { path, verify } = await makeStores();
    const sound = readFileSync(path, "utf8");
    const ends = [...sound.matchAll(/\n/g)].map(({ index }) => index + 1);
    for (const [index, end] of ends.slice(0, -1).entries()) {
      writeFileSync(path, sound.slice(0, end));
      const count = ends.length - index - 1;
      expect(brief(await verify())).toEqual([["tail-cut", "journal", index + 2, count]]);
      writeFileSync(path, sound.slice(0, end + 20));
      expect(brief(await verify())).toEqual([
        ["torn", "journal", index + 2, 1],
        ["tail-cut", "journal", index + 2, count],
      ]);
    }
  });

  it("knows by the anchor what was cut from all stores", async () => {
    const { lines, run, verify } = await makeStores();
    lines((all) => all.slice(0, 8));
    run("delete from audit where seq > 8");
    expect(brief(await verify())).toEqual([
      ["tail-cut", "journal", 9, 4],
      ["tail-cut", "database", 9, 4],
    ]);
  });

  it("knows by a later chain what was cut from all stores, without an anchor", async () => {
    const { journal, central, lines, run, chain } = await makeStores();
    const { log } = openLog({ sinks: [journal, central] });
    await log.record(auditEntry());
    await log.flush();
    lines((all) => all.slice(0, 8));
    run(`delete from audit where seq > 8 and chain = '${chain}'`);
    expect(brief(await log.verify({ wait }))).toEqual([
      ["tail-cut", "journal", 9, 4],
      ["tail-cut", "database", 9, 4],
    ]);
  });

  it.each(["journal", "database"])("names a chain that is gone from the %s", async (store) => {
    const { path, run, verify } = await makeStores();
    if (store === "journal") rmSync(path);
    else run("delete from audit");
    expect(brief(await verify())).toEqual([["chain-missing", store, 0, 12]]);
  });

  it("names a chain that is gone from everywhere, by the anchor and by a later chain", async () => {
    const { path, run, verify } = await makeStores();
    rmSync(path);
    run("delete from audit");
    expect(brief(await verify())).toEqual([["chain-missing", "all", 0, 12]]);
    const other = await makeStores();
    const { log } = openLog({ sinks: [other.journal, other.central] });
    await log.record(auditEntry());
    await log.flush();
    rmSync(other.path);
    other.run(`delete from audit where chain = '${other.chain}'`);
    expect(brief(await log.verify({ wait }))).toEqual([["chain-missing", "all", 0, 12]]);
  });

  it("names an authentic record that differs between stores and from an anchor", async () => {
    const { journal, central, anchor, run, chain, verify } = await makeStores();
    // Whoever copied the whole process can make another end.
    const [before] = await journal.read(chain, 11, 1);
    const fork = auditKey.link(auditEntry({ actor: "plugin:fork" }), before!, before!.time);
    run("delete from audit where seq = 12");
    await central.append([fork]);
    const found = await verify();
    expect(brief(found)).toEqual([
      ["differs", "journal", 12, 1],
      ["differs", "database", 12, 1],
      ["differs", "database", 12, 1],
    ]);
    expect(found.faults.map(({ reason }) => reason)).toEqual([
      "database knows of another",
      "journal knows of another",
      `${anchor.name} knows of another`,
    ]);
  });

  it("gives a store that is a second behind a second look", async () => {
    const { journal, central } = await makeStores();
    const { log } = openLog({ sinks: [journal, central] });
    await log.record(auditEntry());
    const reader = openLog({ sinks: [journal, central] });
    const found = await reader.log.verify({ wait: () => log.flush() });
    expect(brief(found)).toEqual([]);
    expect(found.openChains).toBe(1);
  });

  it("says which store or anchor cannot be read, and checks the others", async () => {
    const { journal, central, anchor, lines } = await makeStores();
    lines((all) => all.with(4, all[4]!.replace("plugin:one", "plugin:two")));
    const broken = {
      ...central,
      heads: async () => {
        throw new Error("the database is away");
      },
    };
    const gone = { ...anchor, name: "gone", heads: broken.heads };
    const { log } = openLog({ sinks: [journal, broken], anchors: [gone] });
    const found = brief(await log.verify({ wait }));
    expect(found).toContainEqual(["unreadable", "database", 0, 1]);
    expect(found).toContainEqual(["unreadable", "gone", 0, 1]);
    expect(found).toContainEqual(["edited", "journal", 5, 1]);
  });

  it.each(["fzzz", "00000000", "019f0000-0000-4000-8000-00000000000a"])(
    "names %s as put there by somebody, for it is no chain's id",
    async (made) => {
      const { central, chain, run, verify } = await makeStores();
      const [record] = await central.read(chain, 1, 1);
      await central.append([{ ...record!, chain: made }]);
      const { faults } = await verify();
      expect(faults).toEqual([
        {
          kind: "inserted",
          store: "database",
          chain: made,
          seq: 0,
          count: 1,
          reason: "it is no chain's id",
        },
      ]);
      run(`delete from audit where chain = '${made}'`);
      expect((await verify()).faults).toEqual([]);
    },
  );

  it("takes no signed cut through a name that is no chain's id", async () => {
    const { journal, central, path, run, chain } = await makeStores();
    const head = { chain: uuidv7(1_800_000_000_000), seq: 0 };
    const opening = auditKey.link(
      systemEntry({
        action: "chain.open",
        detail: { sinks: ["journal", "database"], heads: [], cut: "fzzz" },
      }),
      { ...head, mac: auditKey.start(head.chain) },
      1_800_000_000_000,
    );
    const [last] = await journal.read(chain, 12, 1);
    for (const store of [journal, central]) await store.append([opening]);
    rmSync(path);
    run(`delete from audit where chain = '${chain}'`);
    const { log } = openLog({
      sinks: [journal, central],
      anchors: [{ name: "anchor", anchor: async () => {}, heads: async () => [last!] }],
    });
    expect(brief(await log.verify({ wait }))).toEqual([["chain-missing", "all", 0, 12]]);
  });

  it("tells how far it is", async () => {
    const { journal, central } = await makeStores();
    const { log } = openLog({ sinks: [journal, central] });
    await Promise.all(Array.from({ length: 1_000 }, () => log.record(auditEntry())));
    const told: { done: number; total: number }[] = [];
    await log.verify({ wait, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([
      { done: 1_000, total: 2_026 },
      { done: 2_000, total: 2_026 },
    ]);
  });

  it("survives whatever lies in the folder of the journal", async () => {
    const { folder, path, verify } = await makeStores();
    writeFileSync(join(folder, "notes.txt"), "mine");
    writeFileSync(join(folder, "019f0000-0000-7000-8000-00000000000a.jsonl"), "");
    appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a]));
    expect(brief(await verify())).toEqual([["inserted", "journal", 13, 1]]);
  });
});
