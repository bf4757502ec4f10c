import type { AuditRecord } from "../../types/audit.ts";

/** Dropping from the front of an array costs its length, so it is done for many at once. */
const DROP_AT_LEAST = 256;

/** Where a record stands that is not in memory any more. */
export interface Place {
  readonly chain: string;
  readonly seq: number;
  /** How many records from there on are of the same chain. */
  readonly count: number;
}

/**
 * The records that some sink may still lack, numbered through over all chains of this process (`index`, from 0). Each sink
 * has a place of its own in it, so one that is behind costs no copies.
 */
export class Backlog {
  #first = 0;
  #records: AuditRecord[] = [];
  readonly #chains: { readonly chain: string; readonly start: number }[] = [];

  /** The index that the next record gets. */
  get end(): number {
    return this.#first + this.#records.length;
  }

  get length(): number {
    return this.#records.length;
  }

  /** The index of the oldest record in memory. */
  get first(): number {
    return this.#first;
  }

  add(record: AuditRecord): void {
    if (record.seq === 1) this.#chains.push({ chain: record.chain, start: this.end });
    this.#records.push(record);
  }

  /** Records of one chain, `limit` at most; `null` when the first of them is not in memory any more. */
  page(from: number, limit: number): readonly AuditRecord[] | null {
    if (from < this.#first) return null;
    const start = from - this.#first;
    const page = this.#records.slice(start, start + limit);
    const other = page.findIndex(({ chain }) => chain !== page[0]!.chain);
    return other < 0 ? page : page.slice(0, other);
  }

  place(index: number): Place {
    const at = this.#chains.findLastIndex(({ start }) => start <= index);
    const { chain, start } = this.#chains[at]!;
    const next = this.#chains[at + 1]?.start ?? this.end;
    return { chain, seq: index - start + 1, count: next - index };
  }

  /** Forgets what lies before an index that every sink has passed. */
  drop(before: number): void {
    const count = Math.min(before, this.end) - this.#first;
    if (count < DROP_AT_LEAST && count < this.#records.length) return;
    this.#records = this.#records.slice(count);
    this.#first += count;
  }
}
