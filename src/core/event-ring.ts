/** Something that happened, in its place among the others. */
export interface RingEntry<T> {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly event: T;
}

/** The latest so many entries. What exceeds them pushes the oldest out. */
export class EventRing<T> {
  readonly #slots: (RingEntry<T> | null)[];
  #next = 0;
  #lost = 0;

  constructor(capacity: number) {
    this.#slots = Array<null>(capacity).fill(null);
  }

  add(entry: RingEntry<T>): void {
    this.#lost = this.#slots[this.#next]?.seq ?? 0;
    this.#slots[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#slots.length;
  }

  /** Whether one behind `seq` has been pushed out. */
  hasLost(seq: number): boolean {
    return this.#lost > seq;
  }

  /** Those behind `seq`, oldest first. */
  after(seq: number): RingEntry<T>[] {
    const inOrder = [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)];
    return inOrder.flatMap((entry) => (entry !== null && entry.seq > seq ? [entry] : []));
  }
}
