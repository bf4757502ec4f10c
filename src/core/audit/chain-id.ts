import { uuidv7 } from "../../util/ids.ts";

/** A chain is closed at this age, or this length, so that retention can take whole chains away. */
export const MAX_CHAIN_MS = 24 * 60 * 60 * 1_000;
export const MAX_CHAIN_RECORDS = 100_000;

const CHAIN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Whether a text is what a chain can be called: a lower-case UUIDv7. The order of ids is what retention goes by, so that
 * whatever else stands in a store must have no place in it.
 */
export function isChainId(text: string): boolean {
  return CHAIN_ID.test(text);
}

/** When a chain was begun, in epoch milliseconds; NaN for what is no chain's id. */
export function chainTime(chain: string): number {
  if (!isChainId(chain)) return Number.NaN;
  return Number.parseInt(chain.slice(0, 8) + chain.slice(9, 13), 16);
}

/**
 * An id that is later than all that are known, even where the clock was set back: retention goes by the order of ids.
 *
 * @param known chains that this log has begun for sure: an id that somebody made up would have the last word
 */
export function nextChainId(known: readonly string[], now: number): string {
  return uuidv7(known.reduce((time, chain) => Math.max(time, chainTime(chain) + 1), now));
}
