import { AppError } from "../../errors.ts";
import type { AuditEntry, AuditHead, AuditStore, AuditSink } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Time } from "../../types/runtime.ts";
import { Backlog } from "./backlog.ts";
import { MAX_CHAIN_MS, MAX_CHAIN_RECORDS, nextChainId } from "./chain-id.ts";
import type { ChainKey } from "./chain-key.ts";
import { DiskKeeper } from "./disk-keeper.ts";
import type { HeadKeeper } from "./head-keeper.ts";
import { findLooseEnds, findRecent, headText, latestCut, toHead } from "./open-chain.ts";
import { SinkGroup } from "./sink-group.ts";
import { systemEntry } from "./stored-entry.ts";

/** Records that are written together, at most. */
const MAX_GROUP = 500;
/** Callers that wait at once, at most: with more, the sinks hang. */
const MAX_WAITING = 10_000;
export interface ChainWriterDeps {
  readonly key: ChainKey;
  readonly sinks: readonly AuditSink[];
  readonly stores: readonly AuditStore[];
  readonly keepers: readonly HeadKeeper[];
  readonly time: Time;
  readonly logger: Logger;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly isDurable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/** Puts entries into the chain of this process, one chain at a time, and sees that every sink gets every record. */
export class ChainWriter {
  readonly #deps: ChainWriterDeps;
  readonly #backlog = new Backlog();
  readonly #sinks: SinkGroup;
  readonly #disk: DiskKeeper;
  readonly #waiting: Waiting[] = [];
  #head: AuditHead | null = null;
  #beganAt = 0;
  /** Why there must be another chain: this one cannot go on, or it is to be closed. */
  #mustEnd: "broken" | "due" | null = null;
  /** Index of the first record that no sink is known to have. */
  #accepted = 0;
  #refused = 0;
  #refusedTold = 0;
  #writing: Promise<void> | null = null;
  /** The newest chain that retention has taken away. */
  #cut = "";
  #isClosed = false;

  constructor(deps: ChainWriterDeps) {
    this.#deps = deps;
    const { key, sinks, keepers, time, logger } = deps;
    this.#sinks = new SinkGroup({
      key,
      sinks,
      backlog: this.#backlog,
      onConflict: () => (this.#mustEnd = "broken"),
      time,
      logger,
    });
    this.#disk = new DiskKeeper(this.#sinks.queues, keepers, time);
  }

  get head(): AuditHead | null {
    return this.#head;
  }

  get refused(): number {
    return this.#refused;
  }

  sinkStatus() {
    return this.#sinks.queues.map((queue) => queue.status());
  }

  /** The next record begins a chain whose first record says that all chains up to this one may be gone. */
  cutWithNextRecord(cut: string): void {
    this.#cut = cut;
    this.#mustEnd ??= "due";
  }

  async record(entry: AuditEntry, durability: "written" | "durable"): Promise<void> {
    if (this.#isClosed) throw unavailable("the log is closed");
    if (this.#waiting.length >= MAX_WAITING) throw unavailable("too many wait for it");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ entry, isDurable: durability === "durable", resolve, reject });
    this.#write();
    await promise;
  }

  async flush(): Promise<void> {
    await this.#writing;
    await this.#disk.flush(this.#backlog.end - 1);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    if (this.#head !== null) {
      try {
        await this.#settleDoubt();
        // Nobody looks for the late end of a chain that is as old as that, so another holds it.
        if (this.#isOld()) await this.#begin();
        this.#link(systemEntry({ action: "chain.close", detail: {} }));
        await this.#accept();
      } catch {
        // Its end is not on record then; the next process holds it all the same.
      }
    }
    await this.flush();
    this.#disk.close();
    this.#sinks.close();
    await Promise.allSettled(this.#deps.sinks.map(async (sink) => sink.close?.()));
  }

  /** Writes what waits, all that comes in one turn together, and what comes meanwhile with the next. */
  #write(): void {
    this.#writing ??= Promise.resolve().then(async () => {
      while (this.#waiting.length > 0) {
        await this.#writeGroup(this.#waiting.splice(0, MAX_GROUP));
      }
      // In the same turn as the last look at who waits: whoever comes later begins anew.
      this.#writing = null;
    });
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const last = await this.#tryWrite(group.map(({ entry }) => entry));
    if (last instanceof AppError) {
      this.#refused += group.length;
      for (const { reject } of group) reject(last);
      return;
    }
    for (const { isDurable, resolve, reject } of group) {
      if (!isDurable) resolve();
      else this.#toDisk(last).then(resolve, reject);
    }
    this.#sinks.tidy(this.#accepted);
    this.#disk.wake();
  }

  /** Answers the index of the last record, or why there is none. */
  async #tryWrite(entries: readonly AuditEntry[]): Promise<number | AppError> {
    try {
      await this.#settleDoubt();
      const isFull = (this.#head?.seq ?? 0) >= MAX_CHAIN_RECORDS;
      if (this.#head === null || this.#mustEnd !== null || isFull || this.#isOld()) {
        await this.#begin();
      }
      for (const entry of entries) this.#link(entry);
      await this.#accept();
      return this.#backlog.end - 1;
    } catch (error) {
      return unavailable("no sink takes it", error);
    }
  }

  #isOld(): boolean {
    return this.#deps.time.now() - this.#beganAt >= MAX_CHAIN_MS;
  }

  /**
   * Records that every sink has refused may be in one nonetheless: half of a group on a full disk, a commit whose answer
   * came too late. So they stay in the chain, and nothing comes after them until a sink has them; what they say was
   * refused to their callers, which the record after them tells.
   */
  async #settleDoubt(): Promise<void> {
    const [from, to] = [this.#accepted, this.#backlog.end];
    if (from < to) {
      // Where each sink has other records in their place, they are in none.
      if (this.#sinks.queues.every(({ skipped }) => skipped >= to)) this.#accepted = to;
      else await this.#accept();
    }
    const refused = this.#refused - this.#refusedTold;
    if (refused === 0 || this.#head === null || this.#mustEnd) return;
    this.#link(
      systemEntry({
        action: "audit.outage",
        outcome: "failed",
        // The records just before this one, of calls that were refused.
        detail: { refusedCalls: refused, recordsBefore: to - from },
      }),
    );
    this.#refusedTold = this.#refused;
    await this.#accept();
  }

  /** Ends the chain, if there is one, and begins another, which holds the ends of those before. */
  async #begin(): Promise<void> {
    const { key, stores, sinks, time, logger } = this.#deps;
    const own = this.#head;
    if (own !== null && this.#mustEnd !== "broken") {
      this.#link(systemEntry({ action: "chain.close", detail: {} }));
      await this.#accept();
      this.#disk.chainEnded(this.#backlog.end - 1, this.#head!);
    }
    const known = await findRecent(stores, key, logger);
    const { openings } = known;
    const loose = await findLooseEnds(known, openings, stores, key);
    // Our own may not have come to a store that can be read.
    const ended = this.#mustEnd === "broken" ? null : this.#head;
    const others = loose.filter(({ chain }) => chain !== ended?.chain);
    const heads = ended === null ? others : [...others, ended];
    const cut = latestCut(openings);
    if (cut > this.#cut) this.#cut = cut;
    const now = time.now();
    const begun = [...openings, ...(own === null ? [] : [own])].map((one) => one.chain);
    const chain = nextChainId(begun, now);
    this.#head = { chain, seq: 0, mac: key.start(chain) };
    this.#beganAt = now;
    this.#mustEnd = null;
    const detail = {
      sinks: sinks.map(({ name }) => name),
      heads: heads.map(headText),
      cut: this.#cut,
      ...(known.unknown.length > 0 && { unknown: known.unknown }),
    };
    this.#link(systemEntry({ action: "chain.open", detail }));
  }

  #link(entry: AuditEntry): void {
    const record = this.#deps.key.link(entry, this.#head!, this.#deps.time.now());
    this.#backlog.add(record);
    this.#head = toHead(record);
  }

  async #accept(): Promise<void> {
    const { end } = this.#backlog;
    await this.#sinks.accept(end - 1);
    this.#accepted = end;
  }

  async #toDisk(index: number): Promise<void> {
    try {
      await this.#sinks.toDisk(index);
    } catch (error) {
      throw unavailable("it would not survive a power cut", error);
    }
  }
}

function unavailable(why: string, cause?: unknown): AppError {
  return new AppError("AUDIT_UNAVAILABLE", `The audit record cannot be written: ${why}.`, {
    cause,
  });
}
