import { describe, expect, it } from "vitest";
import { ChainCheck, type ChainFault } from "../../../src/core/audit/check-chain.ts";
import type { AuditRecord, DamagedRecord } from "../../../src/types/audit.ts";
import { auditEntry, auditKey, makeChain } from "../../helpers/audit.ts";

const CHAIN = "019f0000-0000-7000-8000-00000000000a";
const OTHER = "019f0000-0000-7000-8000-00000000000b";
const LENGTH = 1_000;
const RECORDS = makeChain(CHAIN, LENGTH);
const FOREIGN = makeChain(OTHER, LENGTH);

/** A MAC is checked once for each record that there is, so that thousands of whole chains can be. */
const checked = new WeakMap<AuditRecord, boolean>();
const key = {
  ...auditKey,
  isAuthentic(record: AuditRecord) {
    const known = checked.get(record) ?? auditKey.isAuthentic(record);
    checked.set(record, known);
    return known;
  },
};

function faultsOf(
  items: readonly (AuditRecord | DamagedRecord)[],
  { knownSeq = LENGTH, mayBeCut = false } = {},
): ChainFault[] {
  const faults: ChainFault[] = [];
  const check = new ChainCheck({
    chain: CHAIN,
    key,
    knownSeq,
    mayBeCut,
    onFault: (fault) => faults.push(fault),
    onRecord: () => {},
  });
  for (const item of items) check.push(item);
  check.end();
  return faults;
}

const fault = (kind: ChainFault["kind"], seq: number, count = 1): ChainFault => ({
  kind,
  seq,
  count,
});
const at = <T>(items: readonly T[], index: number) => items[index % items.length]!;

/** A change of one member, of each in turn. */
const EDITS: readonly ((record: AuditRecord) => AuditRecord)[] = [
  (record) => ({ ...record, chain: OTHER }),
  (record) => ({ ...record, seq: record.seq + 7 }),
  (record) => ({ ...record, time: record.time + 1 }),
  (record) => ({ ...record, actor: "plugin:two" }),
  (record) => ({ ...record, action: "credential.write" }),
  (record) => ({ ...record, instanceId: null }),
  (record) => ({ ...record, subject: "shared/other" }),
  (record) => ({ ...record, outcome: "refused" }),
  (record) => ({ ...record, requestId: `${record.requestId} ` }),
  (record) => ({ ...record, detail: { sequence: 2 } }),
  (record) => ({ ...record, detail: { ...record.detail, more: true } }),
  (record) => ({ ...record, detail: { sequence: "1" } }),
  (record) => ({ ...record, previous: RECORDS[500]!.mac }),
  (record) => ({ ...record, mac: RECORDS[500]!.mac === record.mac ? "" : RECORDS[500]!.mac }),
  (record) => ({ ...record, more: "than there was" }) as AuditRecord,
  ({ requestId: _requestId, ...record }) => record as AuditRecord,
];

describe("a chain of 1,000 records", () => {
  it("has no fault as it was written", () => {
    expect(faultsOf(RECORDS)).toEqual([]);
    expect(faultsOf(RECORDS, { knownSeq: 0 })).toEqual([]);
  });

  it("shows each single edit, whatever member it is of", () => {
    for (let index = 0; index < LENGTH; index++) {
      const record = at(EDITS, index)(RECORDS[index]!);
      expect(faultsOf(RECORDS.with(index, record))).toEqual([fault("edited", index + 1)]);
    }
  });

  it("shows each record whose text is none any more", () => {
    for (let index = 0; index < LENGTH; index++) {
      const items = (RECORDS as (AuditRecord | DamagedRecord)[]).with(index, {
        damage: "unreadable",
      });
      expect(faultsOf(items)).toEqual([fault("edited", index + 1)]);
    }
  });

  it("shows each deletion", () => {
    for (let index = 0; index < LENGTH - 1; index++) {
      expect(faultsOf(RECORDS.toSpliced(index, 1))).toEqual([fault("missing", index + 1)]);
    }
    expect(faultsOf(RECORDS.slice(0, -1))).toEqual([fault("tail-cut", LENGTH)]);
  });

  it("shows each deletion of several", () => {
    for (let index = 0; index < LENGTH - 20; index++) {
      const count = 2 + (index % 10);
      expect(faultsOf(RECORDS.toSpliced(index, count))).toEqual([
        fault("missing", index + 1, count),
      ]);
    }
  });

  it("shows each exchange of neighbours", () => {
    for (let index = 0; index < LENGTH - 1; index++) {
      const items = RECORDS.with(index, RECORDS[index + 1]!).with(index + 1, RECORDS[index]!);
      expect(faultsOf(items)).toEqual([fault("reordered", index + 2)]);
    }
  });

  it("shows each exchange of two that are apart, and both of them", () => {
    for (let index = 0; index < LENGTH - 2; index++) {
      const other = index + 2 + ((index * 7_919) % (LENGTH - index - 2));
      const items = RECORDS.with(index, RECORDS[other]!).with(other, RECORDS[index]!);
      const named = faultsOf(items).toSorted((a, b) => a.seq - b.seq);
      expect(named).toEqual([fault("reordered", index + 1), fault("reordered", other + 1)]);
    }
  });

  it("shows each copy of a record of its own that was put in", () => {
    for (let index = 0; index <= LENGTH; index++) {
      const copy = RECORDS[(index * 7_919) % LENGTH]!;
      expect(faultsOf(RECORDS.toSpliced(index, 0, copy))).toEqual([fault("inserted", copy.seq)]);
    }
  });

  it("shows each record of another chain that was put in, and in the place of its own", () => {
    for (let index = 0; index < LENGTH; index++) {
      const foreign = FOREIGN[index]!;
      expect(faultsOf(RECORDS.toSpliced(index, 0, foreign))).toEqual([
        fault("inserted", index + 1),
      ]);
      const kinds = faultsOf(RECORDS.with(index, foreign)).map(({ kind, seq }) => [kind, seq]);
      expect(kinds).toContainEqual(["inserted", index + 1]);
      expect(kinds).toContainEqual([index === LENGTH - 1 ? "tail-cut" : "missing", index + 1]);
    }
  });

  it("shows each record that somebody made up and put in", () => {
    for (let index = 0; index <= LENGTH; index++) {
      const seq = index + 1;
      const made = { ...RECORDS[index % LENGTH]!, seq, mac: FOREIGN[index % LENGTH]!.mac };
      expect(faultsOf(RECORDS.toSpliced(index, 0, made))).toEqual([fault("inserted", seq)]);
    }
  });

  it("shows every length to which its end was cut", () => {
    for (let length = 0; length < LENGTH; length++) {
      expect(faultsOf(RECORDS.slice(0, length))).toEqual([
        fault("tail-cut", length + 1, LENGTH - length),
      ]);
    }
  });

  it("tells half a record at the end from a change", () => {
    expect(faultsOf([...RECORDS, { damage: "torn" }])).toEqual([fault("torn", LENGTH + 1)]);
    expect(faultsOf([...RECORDS.slice(0, 999), { damage: "torn" }])).toEqual([
      fault("torn", LENGTH),
      fault("tail-cut", LENGTH),
    ]);
  });

  it("shows a chain that was begun anew from a copy", () => {
    let head = RECORDS[499]!;
    const fork = RECORDS.slice(500).map((record) => {
      head = auditKey.link(auditEntry({ actor: "plugin:fork" }), head, record.time);
      return head;
    });
    const mixed = [...RECORDS.slice(0, 600), ...fork.slice(100)];
    expect(faultsOf(mixed)).toEqual([fault("differs", 601)]);
  });

  it("may begin later where retention may have cut it, and nowhere else", () => {
    expect(faultsOf(RECORDS.slice(300), { mayBeCut: true })).toEqual([]);
    expect(faultsOf(RECORDS.slice(300))).toEqual([fault("missing", 1, 300)]);
    expect(faultsOf(RECORDS.slice(300).toSpliced(5, 1), { mayBeCut: true })).toEqual([
      fault("missing", 306),
    ]);
  });

  it("survives what is nested without end", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const record = { ...RECORDS[3]!, detail: { deep } } as unknown as AuditRecord;
    expect(faultsOf(RECORDS.with(3, record))).toEqual([fault("edited", 4)]);
  });
});
