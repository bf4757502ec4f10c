import type { AuditHead, AuditStore } from "../../types/audit.ts";
import type { ChainKey } from "./chain-key.ts";
import { chainTime, MAX_CHAIN_MS } from "./chain-id.ts";
import { readOne, readOpening } from "./open-chain.ts";

/**
 * The chains that have nothing of `olderThan` or later, from the oldest on, without a gap: "all up to this one" is what is
 * signed. Never the chain that is being written. The last of them is one that this log has begun: what somebody made up must
 * not say how far "all" goes.
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
    const begunAt = chainTime(head.chain);
    const last = await readOne(stores, head.chain, head.seq, key);
    // Of one whose end somebody changed, the id tells when it can have ended at the latest.
    const endedAt = last?.time ?? begunAt + MAX_CHAIN_MS;
    // The id can be of a later time than the records where the clock was put back, and it is ids that the cut goes by.
    if (Math.max(begunAt, endedAt) >= olderThan) break;
    expired.push(head);
  }
  for (let count = expired.length; count > 0; count--) {
    if ((await readOpening(stores, expired[count - 1]!.chain, key)) !== null)
      return expired.slice(0, count);
  }
  return [];
}
