import type { AuditRecord, AuditSink, AuditStore } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Time } from "../../types/runtime.ts";
import type { Backlog } from "./backlog.ts";
import type { ChainKey } from "./chain-key.ts";
import { SinkQueue } from "./sink-queue.ts";

/** Records in memory for sinks that are behind. */
const MAX_BACKLOG = 10_000;

export interface SinkGroupDeps {
  readonly key: ChainKey;
  readonly sinks: readonly AuditSink[];
  readonly backlog: Backlog;
  /** Hears that a sink has another record in the place of one of ours. */
  readonly onConflict: () => void;
  readonly time: Time;
  readonly logger: Logger;
}

/** All sinks of a log. One that takes a record suffices. */
export class SinkGroup {
  readonly queues: readonly SinkQueue[];
  readonly #backlog: Backlog;
  readonly #key: ChainKey;

  constructor({ key, sinks, backlog, onConflict, time, logger }: SinkGroupDeps) {
    this.#backlog = backlog;
    this.#key = key;
    const readBack = (index: number, limit: number) => this.#readBack(index, limit);
    this.queues = sinks.map(
      (sink) => new SinkQueue({ sink, backlog, readBack, onConflict, time, logger }),
    );
  }

  /** Resolves when a sink has all records up to an index. Asks the quick ones first, and those that failed last. */
  async accept(index: number): Promise<void> {
    const reasons: unknown[] = [];
    const tried = new Set<SinkQueue>();
    const tiers = [
      ({ isHealthy, sink }: SinkQueue) => isHealthy && sink.central !== true,
      ({ isHealthy }: SinkQueue) => isHealthy,
      () => true,
    ];
    for (const isIn of tiers) {
      const tier = this.queues.filter((queue) => !tried.has(queue) && isIn(queue));
      for (const queue of tier) tried.add(queue);
      try {
        const [first, ...others] = tier.map((queue) => queue.reach(index));
        await (first !== undefined && others.length === 0
          ? first
          : Promise.any([first, ...others].filter((work) => work !== undefined)));
        return;
      } catch (error) {
        reasons.push(error);
      }
    }
    throw new AggregateError(reasons);
  }

  /** Resolves when a sink has all records up to an index so that they survive a power cut. */
  async toDisk(index: number): Promise<void> {
    const having = this.queues.filter(({ next }) => next > index);
    try {
      await Promise.any(having.map((queue) => queue.reachDisk(index)));
    } catch {
      await Promise.any(this.queues.map((queue) => queue.reachDisk(index)));
    }
  }

  /** Sees to it that the others get what was accepted, and forgets what they all have. */
  tidy(accepted: number): void {
    for (const queue of this.queues) queue.wake();
    const backlog = this.#backlog;
    backlog.drop(Math.min(accepted, ...this.queues.map(({ next }) => next)));
    if (backlog.length <= MAX_BACKLOG) return;
    const first = Math.min(accepted, backlog.end - MAX_BACKLOG / 2);
    for (const queue of this.queues.filter(({ next }) => next < first)) {
      const canReadBack = this.queues.some(({ sink, next }) => isStore(sink) && next >= first);
      if (!canReadBack) queue.skipTo(first);
    }
    backlog.drop(first);
  }

  close(): void {
    for (const queue of this.queues) queue.close();
  }

  /** From a store that is further. Checked, so that what somebody changed in one store does not come into the other. */
  async #readBack(index: number, limit: number): Promise<readonly AuditRecord[]> {
    const { chain, seq, count } = this.#backlog.place(index);
    for (const { sink, next } of this.queues) {
      if (!isStore(sink) || next <= index) continue;
      const page = await sink.read(chain, seq, Math.min(limit, count)).catch(() => []);
      const good = soundStart(page, chain, seq, this.#key);
      if (good.length > 0) return good;
    }
    throw new Error("no other sink can give back the records that it lacks");
  }
}

export function isStore(sink: AuditSink): sink is AuditStore {
  return "read" in sink && "heads" in sink;
}

/** The beginning of a page that is as it was written: from `seq` on, without a gap. */
export function soundStart(
  page: readonly AuditRecord[],
  chain: string,
  seq: number,
  key: ChainKey,
): readonly AuditRecord[] {
  const wrong = page.findIndex(
    (record, at) => record.chain !== chain || record.seq !== seq + at || !key.isAuthentic(record),
  );
  return wrong < 0 ? page : page.slice(0, wrong);
}
