import { AppError, messageOf } from "../errors.ts";
import type {
  AuditAnchor,
  AuditEntry,
  AuditHead,
  AuditLog,
  AuditRecord,
  AuditSink,
  AuditStore,
} from "../types/audit.ts";
import type { Logger } from "../types/logger.ts";
import type { HmacSha256, Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import { createChainKey } from "./audit/chain-key.ts";
import { ChainWriter } from "./audit/chain-writer.ts";
import { HeadKeeper } from "./audit/head-keeper.ts";
import { findHeads } from "./audit/open-chain.ts";
import { readAudit, type AuditQuery } from "./audit/read-audit.ts";
import { recoverStores } from "./audit/recovery.ts";
import { findExpired } from "./audit/retention.ts";
import { isStore } from "./audit/sink-group.ts";
import { systemEntry, toStoredEntry } from "./audit/stored-entry.ts";
import { verifyAudit, type AuditVerification, type AuditVerifyOptions } from "./audit/verify.ts";

export interface AuditLogDeps {
  /** 32 bytes, and the log's own copy: they are zeroed at once. */
  readonly key: Uint8Array;
  /** One at least. They are closed with the log. */
  readonly sinks: readonly AuditSink[];
  readonly anchors?: readonly AuditAnchor[];
  readonly scrubber: Scrubber;
  readonly time: Time;
  readonly logger: Logger;
  /** One that runs everywhere when left out. */
  readonly hmac?: HmacSha256 | undefined;
}

export interface AuditVerifyWork {
  readonly onProgress?: AuditVerifyOptions["onProgress"];
  /** As `setTimeout` in a promise; a command gives one that keeps its process alive. */
  readonly wait?: AuditVerifyOptions["wait"];
}

export interface AuditActor {
  readonly actor: string;
  readonly requestId: string | null;
}

export interface AuditPruned {
  readonly chains: number;
  readonly records: number;
}

export interface AuditSinkStatus {
  readonly name: string;
  readonly isHealthy: boolean;
  /** Records that it still lacks. */
  readonly behind: number;
  /** Records that it will never get, because nobody has them any more or it has others in their place. */
  readonly lost: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly error: string | null;
}

export interface AuditStatus {
  /** `null` until something was recorded. */
  readonly head: Omit<AuditHead, "mac"> | null;
  readonly sinks: readonly AuditSinkStatus[];
  readonly anchors: readonly Omit<AuditSinkStatus, "behind" | "lost">[];
  /** Calls that were refused because no sink took their record, since the start. */
  readonly refused: number;
}

/** The audit log of this process: one chain at a time, in every sink. */
export interface AuditTrail extends AuditLog {
  /** Everything that was recorded until now, by all processes that share a store. MACs are not checked. */
  records(query: AuditQuery): AsyncIterable<AuditRecord>;
  /** Reads and checks every record in every store, beside whoever writes. Changes nothing. */
  verify(options?: AuditVerifyWork): Promise<AuditVerification>;
  /**
   * Takes away the chains that have nothing of `olderThan` (epoch milliseconds) or later. Chains are closed after a day, so
   * a record stays for a day longer at most. That they may be gone is signed before.
   *
   * @throws AppError `AUDIT_UNAVAILABLE`; nothing is taken away then
   */
  prune(olderThan: number, by?: AuditActor): Promise<AuditPruned>;
  /**
   * Puts into the central stores what processes that died could not put there any more. The server calls it at its start;
   * `verify` comes first where both are wanted, for this hides that somebody cut a store short.
   */
  recover(): Promise<{ readonly copied: number }>;
  /** Resolves when every sink that works has every record, on disk, and the anchors have been told. */
  flush(): Promise<void>;
  status(): AuditStatus;
  /** Tells of each entry once its record is written. The listener must not throw. The answer ends that. */
  subscribe(listener: (entry: AuditEntry) => void): () => void;
  /** Closes the chain in order. What is recorded after that is refused. */
  close(): Promise<void>;
}

/**
 * Begins nothing yet: the chain is opened by the first record, so a log that is only read leaves no trace.
 *
 * @throws AppError `CONFIG_INVALID` without a sink, or for a key of another length
 */
export function createAuditLog(deps: AuditLogDeps): AuditTrail {
  if (deps.sinks.length === 0) {
    throw new AppError("CONFIG_INVALID", "The audit log needs a sink.");
  }
  const { key, sinks, anchors = [], scrubber, time, logger } = deps;
  const stores = sinks.filter(isStore);
  const chainKey = createChainKey(key, deps.hmac);
  key.fill(0);
  const keepers = anchors.map((anchor) => new HeadKeeper(anchor, time, logger));
  const writer = new ChainWriter({ key: chainKey, sinks, stores, keepers, time, logger });
  const wait = (ms: number) => new Promise<void>((resolve) => void time.after(ms, resolve));
  const listeners = new Set<(entry: AuditEntry) => void>();
  const record: AuditLog["record"] = async (entry, durability = "written") => {
    const stored = toStoredEntry(entry, scrubber);
    await writer.record(stored, durability);
    for (const listener of listeners) listener(stored);
  };

  return {
    record,
    recover: () => recoverStores({ stores, key: chainKey, logger }),
    flush: () => writer.flush(),
    close: () => writer.close(),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    status: () => ({
      head: writer.head === null ? null : { chain: writer.head.chain, seq: writer.head.seq },
      sinks: writer.sinkStatus(),
      anchors: keepers.map((keeper) => keeper.status()),
      refused: writer.refused,
    }),

    async *records(query) {
      await writer.flush();
      // Of two that have the same, the one that is quicker to search.
      const sorted = stores.toSorted(
        (a, b) => Number(b.central ?? false) - Number(a.central ?? false),
      );
      yield* readAudit(sorted, query);
    },

    async verify({ onProgress, wait: ownWait } = {}) {
      await writer.flush();
      return verifyAudit({
        stores,
        anchors,
        key: chainKey,
        wait: ownWait ?? wait,
        ...(onProgress !== undefined && { onProgress }),
      });
    },

    async prune(olderThan, by = { actor: "system", requestId: null }) {
      const { heads } = await findHeads(stores, logger);
      const own = writer.head?.chain ?? null;
      const expired = await findExpired(heads, stores, chainKey, { olderThan, own });
      const through = expired.at(-1)?.chain;
      if (through === undefined) return { chains: 0, records: 0 };
      const pruned = {
        chains: expired.length,
        records: expired.reduce((sum, { seq }) => sum + seq, 0),
      };
      const entry = systemEntry({
        ...by,
        action: "audit.prune",
        subject: through,
        detail: { ...pruned, olderThan: new Date(olderThan).toISOString() },
      });
      writer.cutWithNextRecord(through);
      await record({ ...entry, outcome: "started" }, "durable");
      const isCut = await cutAll(expired, stores, logger);
      await record({ ...entry, outcome: isCut ? "ok" : "failed" });
      return pruned;
    },
  };
}

/** A store that cannot forget now does so the next time. */
async function cutAll(
  expired: readonly AuditHead[],
  stores: readonly AuditStore[],
  logger: Logger,
): Promise<boolean> {
  let isCut = true;
  for (const store of stores) {
    for (const { chain } of expired) {
      try {
        await store.cut(chain);
      } catch (error) {
        isCut = false;
        const fields = { sink: store.name, chain, error: messageOf(error) };
        logger.error("An old audit chain cannot be taken away", fields);
      }
    }
  }
  return isCut;
}
