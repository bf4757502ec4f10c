import { EventRing, type RingEntry } from "./event-ring.ts";

/** Events that are kept of a kind, for readers that come back. */
const CAPACITY = 1_000;

export interface FedEvent<T> {
  /** Names the event to a reader that comes back for what was next. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly event: T;
}

export interface FeedReader<T> {
  /** What it has missed, oldest first: all that is left where it asks for what is gone. */
  readonly missed: readonly FedEvent<T>[];
  /** Whether something between is gone: pushed out since, or of a process before this one. */
  readonly hasGap: boolean;
  readonly stop: () => void;
}

export interface EventFeedDeps<T> {
  readonly now: () => number;
  /** Those that come in floods have a ring of their own, so that they do not push the others out. */
  readonly isFrequent?: (event: T) => boolean;
  readonly capacity?: number;
}

/**
 * Hands events to whoever reads at the time, and keeps the latest for readers that come back. Nothing is made of an event
 * before somebody reads it. An id counts in one process alone.
 */
export class EventFeed<T> {
  readonly #deps: EventFeedDeps<T>;
  readonly #rings: { readonly rare: EventRing<T>; readonly frequent: EventRing<T> };
  readonly #readers = new Set<(event: FedEvent<T>) => void>();
  /** Marks the ids as this process's. */
  readonly #epoch: string;
  #seq = 0;

  constructor(deps: EventFeedDeps<T>) {
    this.#deps = deps;
    const { capacity = CAPACITY } = deps;
    this.#rings = { rare: new EventRing(capacity), frequent: new EventRing(capacity) };
    this.#epoch = deps.now().toString(36);
  }

  publish(event: T): void {
    const { now, isFrequent } = this.#deps;
    const entry = { seq: ++this.#seq, time: now(), event };
    (isFrequent?.(event) ? this.#rings.frequent : this.#rings.rare).add(entry);
    if (this.#readers.size === 0) return;
    const fed = this.#toFed(entry);
    for (const read of this.#readers) read(fed);
  }

  /**
   * Begins to read.
   *
   * @param lastId of the last event that the reader has; `null` for one that wants only what comes from now on
   * @param read must not throw
   */
  read(lastId: string | null, read: (event: FedEvent<T>) => void): FeedReader<T> {
    const { rare, frequent } = this.#rings;
    const seq = lastId === null ? this.#seq : (this.#seqOf(lastId) ?? 0);
    const missed = [...rare.after(seq), ...frequent.after(seq)].toSorted((a, b) => a.seq - b.seq);
    const isForeign = lastId !== null && this.#seqOf(lastId) === null;
    this.#readers.add(read);
    return {
      missed: missed.map((entry) => this.#toFed(entry)),
      hasGap: isForeign || rare.hasLost(seq) || frequent.hasLost(seq),
      stop: () => void this.#readers.delete(read),
    };
  }

  #toFed({ seq, time, event }: RingEntry<T>): FedEvent<T> {
    return { id: `${this.#epoch}-${seq}`, time, event };
  }

  /** `null` for an id that this feed never gave out. */
  #seqOf(id: string): number | null {
    const [epoch, seq = ""] = id.split("-", 2);
    const isOurs = epoch === this.#epoch && /^\d{1,15}$/.test(seq) && Number(seq) <= this.#seq;
    return isOurs ? Number(seq) : null;
  }
}
