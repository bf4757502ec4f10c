import type { TokenRecord } from "./token-record.ts";

/** A token that is good for less is not handed out, at most: clocks differ, and requests take time. */
const SKEW_MS = 60_000;
/** So long before its end at most, a token is renewed while it is still handed out. */
const AHEAD_MS = 5 * 60_000;

/** Whether it is handed out. */
export function isGood(record: TokenRecord, now: number): boolean {
  return record.expiresAt - now > skewOf(record);
}

/** Whether it is time to renew it, where that can be done. */
export function isDue(record: TokenRecord, now: number): boolean {
  // Somebody has set the clock back: how old it is, nobody knows.
  if (now < record.obtainedAt - SKEW_MS) return true;
  const ahead = Math.min(AHEAD_MS, lifetimeOf(record) / 5);
  return record.expiresAt - now <= skewOf(record) + ahead;
}

function lifetimeOf({ expiresAt, obtainedAt }: TokenRecord): number {
  return expiresAt - obtainedAt;
}

/** Of a token that never lives for minutes, a part of its life. */
function skewOf(record: TokenRecord): number {
  return Math.min(SKEW_MS, lifetimeOf(record) / 4);
}
