import { messageOf } from "../../errors.ts";
import type { AuditHead, AuditRecord, AuditStore } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import { chainTime, isChainId, MAX_CHAIN_MS } from "./chain-id.ts";
import type { ChainKey } from "./chain-key.ts";

/** So many ends of chains one record can hold; more there are only where many processes started at the same time. */
const MAX_HEADS = 500;

/** Twice what a chain lasts, for machines whose clocks differ. */
const RECENT_MS = 2 * MAX_CHAIN_MS;

export interface KnownChains {
  /** The last record of each chain, from whichever store has most of it. Oldest first. */
  readonly heads: readonly AuditHead[];
  /** The last record of each chain in each store, the highest first: what somebody added to one hides no other's. */
  readonly all: readonly AuditHead[];
  /** Names of the stores that could not be asked. */
  readonly unknown: readonly string[];
}

/** Asks all stores where the chains end, from one on. A store that cannot say is named and left out. */
export async function findHeads(
  stores: readonly AuditStore[],
  logger: Logger,
  from = "",
): Promise<KnownChains> {
  const best = new Map<string, AuditHead>();
  const answers = await askAll(stores, logger, (store) => store.heads(from));
  const all = answers.items.filter(({ chain }) => isChainId(chain));
  for (const head of all) {
    if ((best.get(head.chain)?.seq ?? 0) < head.seq) best.set(head.chain, head);
  }
  return {
    heads: [...best.values()].toSorted((a, b) => (a.chain < b.chain ? -1 : 1)),
    all: all.toSorted((a, b) => b.seq - a.seq),
    unknown: answers.unknown,
  };
}

/**
 * The chains that can have grown since the newest began, and their openings. The newest opening vouches for all before:
 * it holds, itself or through the openings that others held then, every end as it stood. Only a chain that was still
 * written may have got longer since, and that one began no more than a day before it.
 */
export async function findRecent(
  stores: readonly AuditStore[],
  key: ChainKey,
  logger: Logger,
): Promise<KnownChains & { readonly openings: readonly AuditRecord[] }> {
  const named = await askAll(stores, logger, (store) => store.chains());
  const chains = [...new Set(named.items)].filter(isChainId).toSorted();
  const isNewest = async (chain: string) => (await readOpening(stores, chain, key)) !== null;
  let at = chains.length - 1;
  while (at >= 0 && !(await isNewest(chains[at]!))) at--;
  const since = at < 0 ? 0 : chainTime(chains[at]!) - RECENT_MS;
  const from = chains.find((chain) => chainTime(chain) >= since);
  if (from === undefined) return { heads: [], all: [], openings: [], unknown: named.unknown };
  const known = await findHeads(stores, logger, from);
  const openings: AuditRecord[] = [];
  for (const { chain } of known.heads) {
    const opening = await readOpening(stores, chain, key);
    if (opening !== null) openings.push(opening);
  }
  return { ...known, openings, unknown: [...new Set([...named.unknown, ...known.unknown])] };
}

async function askAll<T>(
  stores: readonly AuditStore[],
  logger: Logger,
  ask: (store: AuditStore) => Promise<readonly T[]>,
): Promise<{ readonly items: readonly T[]; readonly unknown: readonly string[] }> {
  const answers: (readonly T[])[] = [];
  const unknown: string[] = [];
  for (const store of stores) {
    try {
      answers.push(await ask(store));
    } catch (error) {
      unknown.push(store.name);
      logger.warn("An audit store does not tell what it has", {
        sink: store.name,
        error: messageOf(error),
      });
    }
  }
  return { items: answers.flat(), unknown };
}

/** The first record of a chain, if it is there and as it was written. */
export async function readOpening(
  stores: readonly AuditStore[],
  chain: string,
  key: ChainKey,
): Promise<AuditRecord | null> {
  const opening = await readOne(stores, chain, 1, key);
  return opening?.action === "chain.open" ? opening : null;
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
  const byChain = Map.groupBy(all, ({ chain }) => chain);
  const loose: AuditHead[] = [];
  for (const { chain } of heads) {
    if (chain <= cut) continue;
    for (const { seq } of byChain.get(chain) ?? []) {
      if ((held.get(chain) ?? 0) >= seq) break;
      // What somebody changed must not be vouched for.
      const record = await readOne(stores, chain, seq, key);
      if (record === null) continue;
      loose.push(toHead(record));
      break;
    }
  }
  return loose.slice(-MAX_HEADS);
}

/** The newest chain that retention has taken away, and with it all before; empty when there was none. */
export function latestCut(openings: readonly AuditRecord[]): string {
  return openings.reduce((cut, { chain, detail }) => {
    const own = typeof detail["cut"] === "string" ? detail["cut"] : "";
    // What is no chain before it was signed by an older version, which took whatever stood in a store.
    return own > cut && own < chain && isChainId(own) ? own : cut;
  }, "");
}

export function toHead({ chain, seq, mac }: AuditHead): AuditHead {
  return { chain, seq, mac };
}

export function headText({ chain, seq, mac }: AuditHead): string {
  return `${chain} ${seq} ${mac}`;
}

/** The ends of other chains that a chain's first record holds. */
export function heldHeads({ action, detail }: AuditRecord): AuditHead[] {
  const { heads } = detail;
  if (action !== "chain.open" || !Array.isArray(heads)) return [];
  return (heads as readonly string[])
    .map((text) => {
      const [chain = "", seq = "", mac = ""] = text.split(" ");
      return { chain, seq: Number(seq), mac };
    })
    .filter(({ chain }) => isChainId(chain));
}

/** A record that is as it was written, from the first store that has it so. */
export async function readOne(
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
