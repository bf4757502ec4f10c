import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createFileAnchor } from "../../../adapters/node/audit-anchor.ts";
import { createAuditJournal } from "../../../adapters/node/audit-journal.ts";
import { auditLine, createAuditRepository, type AuditRecord } from "../../../src/index.ts";
import { openSqlite } from "../../../adapters/node/sqlite.ts";
import { auditRecords, auditStoreContract } from "../../contract/audit-store.ts";
import { allRecords, auditEntry, openLog } from "../../helpers/audit.ts";
import { makeDatabase, makeFolder } from "../../helpers/database.ts";

const CHAIN = "019f0000-0000-7000-8000-00000000000a";
const WRITER = fileURLToPath(new URL("../../fixtures/audit-writer.ts", import.meta.url));
const wait = async () => {};

auditStoreContract("journal", {
  open: async () => {
    const folder = makeFolder();
    const store = createAuditJournal({ folder });
    return {
      store,
      reopen: async () => {
        await store.close?.();
        return createAuditJournal({ folder });
      },
    };
  },
});

describe("the audit journal", () => {
  it("is one file a chain, a line a record, for its owner alone", async () => {
    const folder = join(makeFolder(), "audit");
    const journal = createAuditJournal({ folder });
    const records = auditRecords(CHAIN, 1, 3);
    await journal.append(records);
    const path = join(folder, `${CHAIN}.jsonl`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toBe(records.map((one) => `${auditLine(one)}\n`).join(""));
  });

  it("goes on with no file that is there already, nor through a link, nor out of its folder", async () => {
    const folder = makeFolder();
    const target = join(makeFolder(), "target");
    writeFileSync(target, "");
    symlinkSync(target, join(folder, `${CHAIN}.jsonl`));
    const journal = createAuditJournal({ folder });
    await expect(journal.append(auditRecords(CHAIN, 1, 1))).rejects.toMatchObject({
      code: "EEXIST",
    });
    expect(readFileSync(target, "utf8")).toBe("");
    await expect(journal.append(auditRecords("../escape", 1, 1))).rejects.toThrow("no chain's id");
    expect(await journal.heads()).toEqual([]);
  });

  it("takes half a record away that a failed write left, before it writes on", async () => {
    const folder = makeFolder();
    const journal = createAuditJournal({ folder });
    await journal.append(auditRecords(CHAIN, 1, 2));
    appendFileSync(join(folder, `${CHAIN}.jsonl`), '{"chain":"019f');
    await journal.append(auditRecords(CHAIN, 3, 4));
    expect(await journal.read(CHAIN, 1, 10)).toEqual(auditRecords(CHAIN, 1, 4));
  });

  it("tells half a record at the end from a line that is none", async () => {
    const folder = makeFolder();
    const journal = createAuditJournal({ folder });
    await journal.append(auditRecords(CHAIN, 1, 1));
    appendFileSync(join(folder, `${CHAIN}.jsonl`), 'nothing\n{"chain":"019f');
    const found: unknown[] = [];
    for await (const item of journal.scan!(CHAIN)) found.push(item);
    expect(found).toEqual([
      auditRecords(CHAIN, 1, 1)[0],
      { damage: "unreadable" },
      { damage: "torn" },
    ]);
    expect(await journal.heads()).toEqual([{ chain: CHAIN, seq: 1, mac: "mac-1" }]);
  });

  it("cuts a chain with all its damage, so that no file of it stays", async () => {
    const folder = makeFolder();
    const journal = createAuditJournal({ folder, name: "journal" });
    await journal.append(auditRecords(CHAIN, 1, 2));
    appendFileSync(join(folder, `${CHAIN}.jsonl`), 'nothing\n{"chain":"019f');
    await journal.cut(CHAIN);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("writes to another file when its own was taken away", async () => {
    const folder = makeFolder();
    const journal = createAuditJournal({ folder });
    await journal.append(auditRecords(CHAIN, 1, 2));
    rmSync(join(folder, `${CHAIN}.jsonl`));
    await journal.append(auditRecords(CHAIN, 3, 4));
    expect(await createAuditJournal({ folder }).read(CHAIN, 1, 10)).toEqual(
      auditRecords(CHAIN, 3, 4),
    );
  });

  it("reads long chains from wherever one likes", async () => {
    const journal = createAuditJournal({ folder: makeFolder() });
    await journal.append(auditRecords(CHAIN, 1, 3_000));
    for (const from of [1, 2_999, 1_500, 251, 250, 249, 1]) {
      expect(await journal.read(CHAIN, from, 2)).toEqual(auditRecords(CHAIN, from, from + 1));
    }
  });

  it("leaves a server without records, not without a start, when its folder cannot be made", async () => {
    const file = join(makeFolder(), "file");
    writeFileSync(file, "");
    const { log } = openLog({ sinks: [createAuditJournal({ folder: join(file, "audit") })] });
    await expect(log.record(auditEntry())).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    rmSync(file);
    mkdirSync(file);
    await log.record(auditEntry());
    expect((await log.verify({ wait })).faults).toEqual([]);
  });
});

describe("the journals of machines that share a database", () => {
  it("have names of their own, so that neither lacks the other's chains", async () => {
    const central = createAuditRepository(makeDatabase());
    const folders = [join(makeFolder(), "audit"), join(makeFolder(), "audit")];
    for (const folder of folders) {
      const { log } = openLog({ sinks: [createAuditJournal({ folder }), central] });
      await log.record(auditEntry());
      await log.flush();
    }
    const names = folders.map((folder) => createAuditJournal({ folder }).name);
    expect(names[0]).not.toBe(names[1]);
    for (const [index, folder] of folders.entries()) {
      const journal = createAuditJournal({ folder });
      expect(journal.name).toMatch(/^journal:[0-9a-f]{12}$/);
      expect(statSync(join(folder, "journal.id")).mode & 0o777).toBe(0o600);
      const { log } = openLog({ sinks: [journal, central] });
      expect((await log.verify({ wait })).faults).toEqual([]);
      // Its own are missed as ever.
      const [chain] = await journal.chains();
      rmSync(join(folder, `${chain}.jsonl`));
      expect(
        (await log.verify({ wait })).faults.map((fault) => [fault.kind, fault.store, fault.chain]),
      ).toEqual([["chain-missing", names[index], chain]]);
    }
  });

  it("go by the file's id even where another process was quicker to make it", async () => {
    const folder = makeFolder();
    const [slow, quick] = [createAuditJournal({ folder }), createAuditJournal({ folder })];
    const before = slow.name;
    await quick.append(auditRecords(CHAIN, 1, 1));
    expect(slow.name).toBe(quick.name);
    expect(slow.name).not.toBe(before);
  });

  it("have no id where nothing was written, nor through a link", async () => {
    const folder = makeFolder();
    const journal = createAuditJournal({ folder });
    expect(journal.name).toMatch(/^journal/);
    expect(await journal.heads()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    const target = join(makeFolder(), "target");
    symlinkSync(target, join(folder, "journal.id"));
    await expect(journal.append(auditRecords(CHAIN, 1, 1))).rejects.toMatchObject({
      code: "ELOOP",
    });
    expect(existsSync(target)).toBe(false);
  });
});

describe.runIf(existsSync("/dev/full"))("a full disk", () => {
  it("is AUDIT_UNAVAILABLE where it is the only sink", async () => {
    const file = openSync("/dev/full", "w");
    const full = {
      name: "full",
      append: async (records: readonly AuditRecord[]) =>
        void writeSync(file, records.map(auditLine).join("\n")),
    };
    const { log } = openLog({ sinks: [full] });
    await expect(log.record(auditEntry())).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    expect(log.status().sinks[0]!.error).toMatch(/^ENOSPC/);
  });

  it("fails no call where it is the anchor's", async () => {
    const anchors = [createFileAnchor("/dev/full")];
    const journal = createAuditJournal({ folder: makeFolder() });
    const { log } = openLog({ sinks: [journal], anchors });
    await log.record(auditEntry());
    await log.flush();
    expect(log.status().anchors[0]).toMatchObject({ isHealthy: false });
  });

  it("refuses records in the middle of a file, and leaves a journal without a fault", async () => {
    const folder = makeFolder();
    // The shell's limit on the size of a file makes the write fail where it would cross it, after a part of it.
    await promisify(execFile)("sh", [
      "-c",
      'ulimit -f 20; exec "$0" "$@"',
      process.execPath,
      WRITER,
      folder,
      "journal",
      "r",
    ]);
    const told = readFileSync(join(folder, "acknowledged-r"), "utf8").trim().split("\n");
    expect(told.at(-1)).toBe("AUDIT_UNAVAILABLE");
    const acknowledged = told.filter((line) => line.startsWith("r-"));
    expect(acknowledged.length).toBeGreaterThan(10);
    const journal = createAuditJournal({ folder: join(folder, "audit") });
    const { log } = openLog({ sinks: [journal] });
    expect((await log.verify({ wait })).faults).toEqual([]);
    const written = (await allRecords(journal)).flatMap(({ requestId }) => requestId ?? []);
    expect(written).toEqual(acknowledged);
  });
});

describe("a process that is killed", () => {
  it("has every acknowledged record in its journal, and the next start brings them to the database", async () => {
    const folder = makeFolder();
    const acknowledged: string[] = [];
    for (let run = 0; run < 5; run++) {
      const writer = spawn(process.execPath, [WRITER, folder, "both", String(run)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(writer, "close");
      await once(writer.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, 50 + run * 40));
      writer.kill("SIGKILL");
      await closed;
      const text = readFileSync(join(folder, `acknowledged-${run}`), "utf8");
      acknowledged.push(...text.slice(0, text.lastIndexOf("\n")).split("\n"));
    }
    expect(acknowledged.length).toBeGreaterThan(100);
    const journal = createAuditJournal({ folder: join(folder, "audit") });
    expect(readdirSync(join(folder, "audit"))).toHaveLength(6);
    const database = openSqlite(join(folder, "server.db"));
    const central = createAuditRepository(database);
    const { log } = openLog({ sinks: [journal, central] });
    await log.recover();
    for (const store of [journal, central]) {
      const written = new Set((await allRecords(store)).map(({ requestId }) => requestId));
      expect(acknowledged.filter((id) => !written.has(id))).toEqual([]);
    }
    expect(await log.verify({ wait })).toMatchObject({ chains: 5, openChains: 5, faults: [] });
    database.close();
  }, 60_000);
});
