import { AppError, messageOf } from "../../errors.ts";
import type { AuditHead, AuditRecord, AuditSink } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Time } from "../../types/runtime.ts";
import type { Backlog } from "./backlog.ts";
import { toHead } from "./open-chain.ts";

/** Records of one `append`. */
const PAGE = 250;
/** A central sink gets what came in this time, or sooner when that is a page. */
const BATCH_MS = 1_000;
/** A sink that takes longer has failed: nobody waits for it. */
const LIMIT_MS = 5_000;
/** Nobody waits for this but who asked for it. */
const SYNC_LIMIT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface SinkQueueDeps {
  readonly sink: AuditSink;
  readonly backlog: Backlog;
  /** Reads records back that are not in memory any more, from whoever else has them. */
  readonly readBack: (index: number, limit: number) => Promise<readonly AuditRecord[]>;
  /** Hears that the sink has another record in the place of one of ours, so that this chain cannot go on there. */
  readonly onConflict: () => void;
  readonly time: Time;
  readonly logger: Logger;
}

/** How far one sink is. It goes on by itself after a failure until it has everything. */
export class SinkQueue {
  readonly sink: AuditSink;
  readonly #deps: SinkQueueDeps;
  /** Index of the first record that the sink lacks. */
  #next = 0;
  /** Records before this index that it lacks it will never get. */
  #skipped = 0;
  #lost = 0;
  /** Index of the first record that might not survive a power cut. */
  #synced = 0;
  #head: AuditHead | null = null;
  #syncedHead: AuditHead | null = null;
  #failures = 0;
  #error: string | null = null;
  #syncError: string | null = null;
  #running: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;

  constructor(deps: SinkQueueDeps) {
    this.#deps = deps;
    this.sink = deps.sink;
  }

  get isHealthy(): boolean {
    return this.#failures === 0;
  }

  get next(): number {
    return this.#next;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** How many records might not survive a power cut. */
  get unsynced(): number {
    return this.#next - this.#synced;
  }

  /** Index of the first of them. */
  get synced(): number {
    return this.#synced;
  }

  /** The last record here that survives a power cut. */
  get syncedHead(): AuditHead | null {
    return this.#syncedHead;
  }

  status() {
    return {
      name: this.sink.name,
      isHealthy: this.isHealthy && this.#syncError === null,
      behind: this.#deps.backlog.end - this.#next,
      lost: this.#lost,
      failures: this.#failures,
      error: this.#error ?? this.#syncError,
    };
  }

  /** Resolves when the sink has the record; rejects when it cannot take it now. */
  async reach(index: number): Promise<void> {
    while (this.#next <= index) {
      this.#running ??= this.#append().finally(() => {
        this.#running = null;
        this.wake();
      });
      await this.#running;
    }
    if (index < this.#skipped) throw new Error(`${this.sink.name} has refused the record`);
  }

  /** Resolves when the record is there and survives a power cut. */
  async reachDisk(index: number): Promise<void> {
    await this.reach(index);
    while (this.#synced <= index) {
      this.#syncing ??= this.#sync().finally(() => (this.#syncing = null));
      await this.#syncing;
    }
  }

  /** Sees to it that the sink gets what is there, in its own time. */
  wake(): void {
    const waiting = this.#deps.backlog.end - this.#next;
    if (this.#isClosed || waiting === 0 || this.#running !== null) return;
    if (!this.isHealthy) return;
    if (this.sink.central !== true || waiting >= PAGE) this.#goOn();
    else this.#cancelTimer ??= this.#after(BATCH_MS);
  }

  /** Goes on from an index, though it lacks records before that: nobody has them any more. */
  skipTo(index: number): void {
    this.#lost += index - this.#next;
    this.#skipped = index;
    this.#next = index;
    this.#deps.logger.error("Audit records are missing from a sink for good", {
      sink: this.sink.name,
      lost: this.#lost,
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  async #append(): Promise<void> {
    const { backlog, readBack, onConflict } = this.#deps;
    try {
      const from = this.#next;
      const page = backlog.page(from, PAGE) ?? (await readBack(from, PAGE));
      if (this.sink.appendNow?.(page) !== true) {
        await this.#inTime(this.sink.append(page), LIMIT_MS);
      }
      this.#next = Math.max(this.#next, from + page.length);
      this.#head = page.at(-1)!;
      if (this.sink.sync === undefined) this.#isOnDisk(this.#next, this.#head);
      this.#works();
    } catch (error) {
      if (error instanceof AppError && error.code === "CONFLICT") {
        this.skipTo(backlog.end);
        onConflict();
      }
      this.#fails(error);
      throw error;
    }
  }

  async #sync(): Promise<void> {
    const [index, head] = [this.#next, this.#head];
    try {
      await this.#inTime(this.sink.sync?.(), SYNC_LIMIT_MS);
      this.#isOnDisk(index, head);
      this.#syncError = null;
    } catch (error) {
      // It takes records all the same; the next second tries again.
      if (this.#syncError === null) {
        const fields = { sink: this.sink.name, error: messageOf(error) };
        this.#deps.logger.error("Audit records might not survive a power cut", fields);
      }
      this.#syncError = messageOf(error);
      throw error;
    }
  }

  #isOnDisk(index: number, head: AuditHead | null): void {
    this.#synced = index;
    this.#syncedHead = head === null ? null : toHead(head);
  }

  async #inTime(work: Promise<void> | undefined, ms: number): Promise<void> {
    const { promise: timeUp, reject } = Promise.withResolvers<never>();
    const cancel = this.#deps.time.after(ms, () =>
      reject(new Error(`it took longer than ${ms} ms`)),
    );
    try {
      await Promise.race([work, timeUp]);
    } finally {
      cancel();
    }
  }

  #works(): void {
    if (this.#failures === 0) return;
    const { logger, backlog } = this.#deps;
    logger.info("An audit sink works again", {
      sink: this.sink.name,
      behind: backlog.end - this.#next,
    });
    this.#failures = 0;
    this.#error = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    // What it has missed is more than one page, maybe.
    if (this.#next < backlog.end) this.#goOn();
  }

  #fails(error: unknown): void {
    this.#failures++;
    this.#error = messageOf(error);
    const { logger } = this.#deps;
    const fields = { sink: this.sink.name, error: this.#error };
    if (this.#failures === 1) logger.error("An audit sink takes no records", fields);
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#isClosed) return;
    this.#cancelTimer = this.#after(
      Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS),
    );
  }

  #after(ms: number): () => void {
    return this.#deps.time.after(ms, () => {
      this.#cancelTimer = null;
      this.#goOn();
    });
  }

  #goOn(): void {
    this.reach(this.#deps.backlog.end - 1).catch(() => {
      // Told by the log and the status, and tried again.
    });
  }
}
