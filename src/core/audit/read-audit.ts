import type { AuditRecord, AuditStore } from "../../types/audit.ts";
import { chainTime, isChainId } from "./chain-id.ts";

const PAGE = 200;

/** Which records one wants; what is left out does not matter. */
export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly instanceId?: string;
  readonly outcome?: string;
  /** Epoch milliseconds, both included. */
  readonly since?: number;
  readonly until?: number;
}

export interface AuditQuery extends AuditFilter {
  /** Oldest first when left out. Within a chain, records always come as they were written. */
  readonly newestFirst?: boolean;
}

/** Where the reading of one chain stands. */
interface Cursor {
  readonly chain: string;
  /** When its part of the record begins (oldest first) or ends (newest first). */
  readonly time: number;
  readonly next: () => Promise<AuditRecord | null>;
}

/**
 * The records of all chains in the order of their times, each once, from whichever store has most of its chain. Holds a page
 * of each chain of the time that is being read. MACs are not checked.
 */
export async function* readAudit(
  stores: readonly AuditStore[],
  { newestFirst = false, ...filter }: AuditQuery,
): AsyncGenerator<AuditRecord, void, undefined> {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter;
  const direction = newestFirst ? -1 : 1;
  const waiting = await findCursors(stores, newestFirst, since);
  const open: { cursor: Cursor; record: AuditRecord }[] = [];
  for (;;) {
    const first = open.reduce<(typeof open)[number] | null>(
      (best, other) =>
        best === null || (other.record.time - best.record.time) * direction < 0 ? other : best,
      null,
    );
    const [candidate] = waiting;
    if (
      candidate !== undefined &&
      (first === null || (candidate.time - first.record.time) * direction <= 0)
    ) {
      waiting.shift();
      const record = await candidate.next();
      if (record !== null) open.push({ cursor: candidate, record });
      continue;
    }
    if (first === null) return;
    if (matches(first.record, filter, since, until)) yield first.record;
    const record = await first.cursor.next();
    if (record === null) open.splice(open.indexOf(first), 1);
    else first.record = record;
  }
}

function matches(
  record: AuditRecord,
  { actor, action, instanceId, outcome }: AuditFilter,
  since: number,
  until: number,
): boolean {
  return (
    record.time >= since &&
    record.time <= until &&
    (actor === undefined || record.actor === actor) &&
    (action === undefined || record.action === action) &&
    (instanceId === undefined || record.instanceId === instanceId) &&
    (outcome === undefined || record.outcome === outcome)
  );
}

async function findCursors(
  stores: readonly AuditStore[],
  newestFirst: boolean,
  since: number,
): Promise<Cursor[]> {
  const best = new Map<string, { store: AuditStore; seq: number }>();
  for (const store of stores) {
    for (const { chain, seq } of await store.heads()) {
      if (seq > (best.get(chain)?.seq ?? 0)) best.set(chain, { store, seq });
    }
  }
  const cursors: Cursor[] = [];
  for (const [chain, { store, seq }] of best) {
    const [last] = await store.read(chain, seq, 1);
    if (last === undefined || last.time < since) continue;
    // What is no chain of ours is shown, too: from the beginning, for it may be of any time.
    const begunAt = isChainId(chain) ? chainTime(chain) : 0;
    const time = newestFirst ? last.time : begunAt;
    cursors.push({
      chain,
      time,
      next: newestFirst ? backward(store, chain, seq) : forward(store, chain),
    });
  }
  return cursors.toSorted((a, b) => (newestFirst ? b.time - a.time : a.time - b.time));
}

function forward(store: AuditStore, chain: string): Cursor["next"] {
  let page: AuditRecord[] = [];
  let from = 1;
  return async () => {
    if (page.length === 0) {
      page = [...(await store.read(chain, from, PAGE))].toReversed();
      from = (page[0]?.seq ?? from) + 1;
    }
    return page.pop() ?? null;
  };
}

function backward(store: AuditStore, chain: string, last: number): Cursor["next"] {
  let page: AuditRecord[] = [];
  let end = last;
  return async () => {
    while (page.length === 0 && end > 0) {
      const from = Math.max(1, end - PAGE + 1);
      const limit = end - from + 1;
      page = (await store.read(chain, from, limit)).filter(({ seq }) => seq <= end);
      end = from - 1;
    }
    return page.pop() ?? null;
  };
}
