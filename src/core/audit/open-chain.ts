import { messageOf } from "../../errors.ts";
import type { AuditHead, AuditRecord, AuditStore } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import { uuidv7 } from "../../util/ids.ts";
import type { ChainKey } from "./chain-key.ts";

/** So many ends of chains one record can hold; more there are only where many processes started at the same time. */
const MAX_HEADS = 500;

export interface KnownChains {
  /** The last record of each chain, from whichever store has most of it. Oldest first. */
  readonly heads: readonly AuditHead[];
  /** The last record of each chain in each store, the highest first: what somebody added to one hides no other's. */
  readonly all: readonly AuditHead[];
  /** Names of the stores that could not be asked. */
  readonly unknown: readonly string[];
}

/** Asks all stores where the chains end. A store that cannot say is named and left out. */
export async function findHeads(
  stores: readonly AuditStore[],
  logger: Logger,
): Promise<KnownChains> {
  const best = new Map<string, AuditHead>();
  const all: AuditHead[] = [];
  const unknown: string[] = [];
  for (const store of stores) {
    try {
      for (const head of await store.heads()) {
        all.push(head);
        if ((best.get(head.chain)?.seq ?? 0) < head.seq) best.set(head.chain, head);
      }
    } catch (error) {
      unknown.push(store.name);
      logger.warn("An audit store does not tell what it has", {
        sink: store.name,
        error: messageOf(error),
      });
    }
  }
  return {
    heads: [...best.values()].toSorted((a, b) => (a.chain < b.chain ? -1 : 1)),
    all: all.toSorted((a, b) => b.seq - a.seq),
    unknown,
  };
}

/** The first records of chains, as far as they are there and as they were written. */
export async function readOpenings(
  heads: readonly AuditHead[],
  stores: readonly AuditStore[],
  key: ChainKey,
): Promise<readonly AuditRecord[]> {
  const openings: AuditRecord[] = [];
  for (const { chain } of heads) {
    const opening = await readOne(stores, chain, 1, key);
    if (opening?.action === "chain.open") openings.push(opening);
  }
  return openings;
}

/**
 * The ends that no other chain holds yet. A new chain's first record holds these, and through them all that the chains
 * before it hold: so every chain but the newest is vouched for by another, and no record grows with the number of chains.
 */
export async function findLooseEnds(
  { heads, all }: KnownChains,
  openings: readonly AuditRecord[],
  stores: readonly AuditStore[],
  key: ChainKey,
): Promise<readonly AuditHead[]> {
  const cut = latestCut(openings);
  const held = new Map<string, number>();
  for (const { chain, seq } of openings.flatMap(heldHeads)) {
    held.set(chain, Math.max(held.get(chain) ?? 0, seq));
  }
  const loose: AuditHead[] = [];
  for (const { chain } of heads) {
    if (chain <= cut) continue;
    for (const { seq } of all.filter((head) => head.chain === chain)) {
      // What somebody changed must not be vouched for.
      const record = await readOne(stores, chain, seq, key);
      if (record === null) continue;
      if ((held.get(chain) ?? 0) < seq) loose.push(toHead(record));
      break;
    }
  }
  return loose.slice(-MAX_HEADS);
}

/** The newest chain that retention has taken away, and with it all before; empty when there was none. */
export function latestCut(openings: readonly AuditRecord[]): string {
  return openings.reduce((cut, { detail }) => {
    const own = typeof detail["cut"] === "string" ? detail["cut"] : "";
    return own > cut ? own : cut;
  }, "");
}

export function toHead({ chain, seq, mac }: AuditHead): AuditHead {
  return { chain, seq, mac };
}

/**
 * An id that is later than all that are known, even where the clock was set back: retention goes by the order of ids.
 *
 * @param known chains that this log has begun for sure: an id that somebody made up would have the last word
 */
export function nextChainId(known: readonly string[], now: number): string {
  return uuidv7(Math.max(now, ...known.map((chain) => chainTime(chain) + 1)));
}

/** When a chain was begun, in epoch milliseconds; NaN for what is no chain's id. */
export function chainTime(chain: string): number {
  return Number.parseInt(chain.slice(0, 8) + chain.slice(9, 13), 16);
}

export function headText({ chain, seq, mac }: AuditHead): string {
  return `${chain} ${seq} ${mac}`;
}

/** The ends of other chains that a chain's first record holds. */
export function heldHeads({ action, detail }: AuditRecord): AuditHead[] {
  const { heads } = detail;
  if (action !== "chain.open" || !Array.isArray(heads)) return [];
  return (heads as readonly string[]).map((text) => {
    const [chain = "", seq = "", mac = ""] = text.split(" ");
    return { chain, seq: Number(seq), mac };
  });
}

/** A record that is as it was written, from the first store that has it so. */
async function readOne(
  stores: readonly AuditStore[],
  chain: string,
  seq: number,
  key: ChainKey,
): Promise<AuditRecord | null> {
  for (const store of stores) {
    const [record] = await store.read(chain, seq, 1).catch(() => []);
    const isIt = record?.chain === chain && record.seq === seq && key.isAuthentic(record);
    if (isIt) return record;
  }
  return null;
}
