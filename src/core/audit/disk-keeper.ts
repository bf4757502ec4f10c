import type { AuditHead } from "../../types/audit.ts";
import type { Time } from "../../types/runtime.ts";
import type { HeadKeeper } from "./head-keeper.ts";
import type { SinkQueue } from "./sink-queue.ts";

/** What was written survives a power cut after this time, or so many records, whichever comes first. */
const SYNC_MS = 1_000;
const SYNC_RECORDS = 100;

/** Brings records to the disk, and then their heads to the anchors, behind the backs of those who wrote them. */
export class DiskKeeper {
  readonly #queues: readonly SinkQueue[];
  readonly #keepers: readonly HeadKeeper[];
  readonly #time: Time;
  #cancel: (() => void) | null = null;
  #running: Promise<void> | null = null;
  /** Index of the first record whose head was not given to the anchors. */
  #anchored = 0;
  /** Ends of chains, until they are anchored. */
  #ended: { readonly index: number; readonly head: AuditHead }[] = [];
  #isClosed = false;

  constructor(queues: readonly SinkQueue[], keepers: readonly HeadKeeper[], time: Time) {
    this.#queues = queues;
    this.#keepers = keepers;
    this.#time = time;
  }

  /** Hears that something was written. */
  wake(): void {
    const isMuch = this.#queues.some(({ unsynced }) => unsynced >= SYNC_RECORDS);
    if (isMuch) this.#run();
    else this.#later();
  }

  chainEnded(index: number, head: AuditHead): void {
    this.#ended.push({ index, head });
  }

  /** Resolves when all that can be done now is done. */
  async flush(index: number): Promise<void> {
    await Promise.allSettled(this.#queues.map((queue) => queue.reachDisk(index)));
    this.#keepHeads();
    await Promise.all(this.#keepers.map((keeper) => keeper.flush()));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #later(): void {
    if (this.#isClosed || this.#running !== null) return;
    this.#cancel ??= this.#time.after(SYNC_MS, () => this.#run());
  }

  #run(): void {
    if (this.#running !== null) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#running = this.#syncAndAnchor().finally(() => {
      this.#running = null;
      const isLeft =
        this.#queues.some(({ unsynced }) => unsynced > 0) ||
        this.#keepers.some(({ isWaiting }) => isWaiting) ||
        this.#queues.some(({ synced }) => synced > this.#anchored);
      if (isLeft) this.#later();
    });
  }

  async #syncAndAnchor(): Promise<void> {
    const dirty = this.#queues.filter(({ unsynced }) => unsynced > 0);
    await Promise.allSettled(dirty.map((queue) => queue.reachDisk(queue.next - 1)));
    this.#keepHeads();
    await Promise.all(this.#keepers.map((keeper) => keeper.tick()));
  }

  /** Only heads that survive a power cut are anchored: after one, the anchor would know of records that nobody has. */
  #keepHeads(): void {
    const best = this.#queues.reduce((a, b) => (b.synced > a.synced ? b : a));
    if (best.syncedHead === null || best.synced <= this.#anchored) return;
    this.#anchored = best.synced;
    const ended = this.#ended.filter(({ index }) => index < best.synced);
    this.#ended = this.#ended.filter(({ index }) => index >= best.synced);
    for (const keeper of this.#keepers) {
      for (const { head } of ended) keeper.keep(head);
      keeper.keep(best.syncedHead);
    }
  }
}
