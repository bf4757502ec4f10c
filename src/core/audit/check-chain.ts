import type { AuditRecord, DamagedRecord } from "../../types/audit.ts";
import type { ChainKey } from "./chain-key.ts";

/**
 * What can be wrong with a chain.
 *
 * - `edited`: something of the record is not as it was written
 * - `missing`: records between others are not there
 * - `inserted`: something stands there that this chain never had there, be it a copy of a record
 * - `reordered`: the record is there, in another place
 * - `tail-cut`: the end is missing: another store, an anchor or a later chain knows of more
 * - `torn`: half a record at the end of a file, as an interrupted write leaves it; its caller was refused
 * - `differs`: authentic, and yet another record than another store, an anchor or a later chain knows of
 * - `chain-missing`: the whole chain is not there, and no signed cut says that it may be gone
 * - `unreadable`: a store or an anchor cannot be read
 */
export type AuditFaultKind =
  | "edited"
  | "missing"
  | "inserted"
  | "reordered"
  | "tail-cut"
  | "torn"
  | "differs"
  | "chain-missing"
  | "unreadable";

export interface ChainFault {
  readonly kind: AuditFaultKind;
  /** Where, counted as the chain was written; the first of `count` records. */
  readonly seq: number;
  readonly count: number;
}

interface Seen {
  readonly record: AuditRecord | null;
  readonly isAuthentic: boolean;
}

export interface ChainCheckOptions {
  readonly chain: string;
  readonly key: ChainKey;
  /** Number of the last record that is known of from elsewhere; 0 when nothing is. */
  readonly knownSeq: number;
  /** Whether retention may have taken away how it began. */
  readonly mayBeCut: boolean;
  readonly onFault: (fault: ChainFault) => void;
  /** Hears of each record that is as it was written. */
  readonly onRecord: (record: AuditRecord) => void;
}

/**
 * Goes through a chain in the order in which a store has it, and names what is wrong. Looks one record ahead: only what
 * comes next tells an inserted record from an edited one, and a gap from an exchange. Holds none of the chain.
 */
export class ChainCheck {
  readonly #options: ChainCheckOptions;
  /** The number that comes next. */
  #due = 1;
  /** MAC of the record before it; `null` where that is not known. */
  #previous: string | null;
  #waiting: Seen | null = null;
  /** Records that came before their turn, with their MACs. */
  readonly #early = new Map<number, string>();
  /** Numbers that did not come: from, to. */
  #gaps: [number, number][] = [];
  #hasBegun = false;

  constructor(options: ChainCheckOptions) {
    this.#options = options;
    this.#previous = options.key.start(options.chain);
  }

  push(item: AuditRecord | DamagedRecord): void {
    if ("damage" in item && item.damage === "torn") {
      this.#judgeWaiting(null);
      this.#fault("torn", this.#due);
      return;
    }
    const record = "damage" in item ? null : item;
    const seen = { record, isAuthentic: record !== null && this.#options.key.isAuthentic(record) };
    this.#judgeWaiting(seen);
    this.#waiting = seen;
  }

  end(): void {
    this.#judgeWaiting(null);
    this.#takeEarly();
    for (const seq of this.#early.keys()) this.#fault("inserted", seq);
    for (const [from, to] of this.#gaps) this.#fault("missing", from, to - from + 1);
    const { knownSeq } = this.#options;
    if (this.#due <= knownSeq) this.#fault("tail-cut", this.#due, knownSeq - this.#due + 1);
  }

  #judgeWaiting(next: Seen | null): void {
    const seen = this.#waiting;
    this.#waiting = null;
    if (seen === null) return;
    const { record, isAuthentic } = seen;
    const nextSeq = next?.isAuthentic === true ? next.record!.seq : null;
    if (record === null || !isAuthentic) this.#judgeChanged(next, nextSeq);
    else if (record.chain !== this.#options.chain) this.#fault("inserted", this.#due);
    else this.#judgeAuthentic(record, next, nextSeq);
  }

  #judgeChanged(next: Seen | null, nextSeq: number | null): void {
    const isAtEnd = next === null;
    const isBeyond = isAtEnd && this.#due > this.#options.knownSeq && this.#options.knownSeq > 0;
    if (nextSeq === this.#due || isBeyond) {
      this.#fault("inserted", this.#due);
      return;
    }
    this.#fault("edited", this.#due);
    this.#goOn(null);
  }

  #judgeAuthentic(record: AuditRecord, next: Seen | null, nextSeq: number | null): void {
    const { seq, mac } = record;
    if (!this.#hasBegun && this.#options.mayBeCut && seq > this.#due) {
      this.#due = seq;
      this.#previous = null;
    }
    this.#hasBegun = true;
    if (seq > this.#due) this.#takeEarly();
    if (seq < this.#due) {
      this.#fault(this.#fillGap(seq) ? "reordered" : "inserted", seq);
    } else if (seq === this.#due) {
      // It came before, too: that was a copy.
      if (this.#early.delete(seq)) this.#fault("inserted", seq);
      this.#take(record);
    } else if (nextSeq === this.#due) {
      this.#early.set(seq, mac);
    } else if (nextSeq === this.#due + 1) {
      this.#early.set(seq, mac);
      this.#gaps.push([this.#due, this.#due]);
      this.#goOn(null);
    } else {
      this.#gaps.push([this.#due, seq - 1]);
      this.#due = seq;
      this.#previous = null;
      this.#take(record);
    }
  }

  /** A record in its turn. */
  #take(record: AuditRecord): void {
    // Both are authentic, so there were two records of one number: a copied process, or a store put back to an older state.
    if (this.#previous !== null && record.previous !== this.#previous) {
      this.#fault("differs", record.seq);
    }
    this.#options.onRecord(record);
    this.#goOn(record.mac);
  }

  #takeEarly(): void {
    for (let mac = this.#early.get(this.#due); mac !== undefined;) {
      this.#early.delete(this.#due);
      this.#fault("reordered", this.#due);
      this.#goOn(mac);
      mac = this.#early.get(this.#due);
    }
  }

  #goOn(previous: string | null): void {
    this.#due++;
    this.#previous = previous;
  }

  #fillGap(seq: number): boolean {
    const gap = this.#gaps.find(([from, to]) => from <= seq && seq <= to);
    if (gap === undefined) return false;
    const [from, to] = gap;
    this.#gaps = this.#gaps.filter((other) => other !== gap);
    if (from < seq) this.#gaps.push([from, seq - 1]);
    if (seq < to) this.#gaps.push([seq + 1, to]);
    return true;
  }

  #fault(kind: AuditFaultKind, seq: number, count = 1): void {
    this.#options.onFault({ kind, seq, count });
  }
}
