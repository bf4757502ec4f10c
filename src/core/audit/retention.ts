import type { AuditHead, AuditRecord, AuditStore } from "../../types/audit.ts";
import type { ChainKey } from "./chain-key.ts";
import { chainTime } from "./open-chain.ts";

/** A chain is closed at this age, or this length, so that retention can take whole chains away. */
export const MAX_CHAIN_MS = 24 * 60 * 60 * 1_000;
export const MAX_CHAIN_RECORDS = 100_000;

/**
 * The chains that have nothing of `olderThan` or later, from the oldest on, without a gap: "all up to this one" is what is
 * signed. Never the chain that is being written.
 */
export async function findExpired(
  heads: readonly AuditHead[],
  stores: readonly AuditStore[],
  key: ChainKey,
  { olderThan, own }: { readonly olderThan: number; readonly own: string | null },
): Promise<readonly AuditHead[]> {
  const expired: AuditHead[] = [];
  for (const head of heads) {
    if (head.chain === own) break;
    const last = await readLast(head, stores, key);
    // Of one whose end somebody changed, the id tells when it can have ended at the latest; what has none is no chain of ours.
    const endedAt = last?.time ?? chainTime(head.chain) + MAX_CHAIN_MS;
    if (endedAt >= olderThan) break;
    expired.push(head);
  }
  return expired;
}

async function readLast(
  { chain, seq }: AuditHead,
  stores: readonly AuditStore[],
  key: ChainKey,
): Promise<AuditRecord | null> {
  for (const store of stores) {
    const [record] = await store.read(chain, seq, 1).catch(() => []);
    if (record?.chain === chain && record.seq === seq && key.isAuthentic(record)) return record;
  }
  return null;
}
