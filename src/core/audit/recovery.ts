import { messageOf } from "../../errors.ts";
import type { AuditStore } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { ChainKey } from "./chain-key.ts";
import { findRecent, latestCut } from "./open-chain.ts";
import { soundStart } from "./sink-group.ts";

const PAGE = 250;

/**
 * Copies to each central store the ends of chains that another store has more of. A chain that is being written comes to
 * no harm: its process puts the same records there. What somebody changed is not copied.
 */
export async function recoverStores({
  stores,
  key,
  logger,
}: {
  readonly stores: readonly AuditStore[];
  readonly key: ChainKey;
  readonly logger: Logger;
}): Promise<{ readonly copied: number }> {
  const cut = latestCut((await findRecent(stores, key, logger)).openings);
  let copied = 0;
  for (const to of stores.filter(({ central }) => central === true)) {
    for (const from of stores.filter((store) => store !== to)) {
      try {
        copied += await copyEnds(from, to, key, cut);
      } catch (error) {
        const fields = { from: from.name, to: to.name, error: messageOf(error) };
        logger.warn("Audit records cannot be copied to where they are missing", fields);
      }
    }
  }
  if (copied > 0)
    logger.warn("Audit records were missing from a store and are there now", { copied });
  return { copied };
}

async function copyEnds(
  from: AuditStore,
  to: AuditStore,
  key: ChainKey,
  cut: string,
): Promise<number> {
  const there = new Map((await to.heads()).map(({ chain, seq }) => [chain, seq]));
  let copied = 0;
  for (const { chain, seq } of await from.heads()) {
    // Retention has taken it away, and its journal is another's to clear.
    if (chain <= cut) continue;
    for (let next = (there.get(chain) ?? 0) + 1; next <= seq;) {
      const page = await from.read(chain, next, PAGE);
      const good = soundStart(page, chain, next, key);
      if (good.length === 0) break;
      await to.append(good);
      copied += good.length;
      next += good.length;
    }
  }
  return copied;
}
