import { isQuotaUsedUp } from "./service-error.ts";
import type { ServiceAnswer } from "./request.ts";

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 500;
/** Also the conflicts and time-outs that the service asks to try again. */
const WORTH_A_TRY: ReadonlySet<number> = new Set([408, 409, 429]);

/**
 * Milliseconds until the next try, or `null` when there is none.
 *
 * @param failed the answer, or why none came
 * @param tries how many there were
 */
export function pauseAfter(failed: ServiceAnswer | Error, tries: number): number | null {
  if (tries >= MAX_TRIES) return null;
  // So that those who failed together do not come back together.
  const usual = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.75 + Math.random() / 2);
  if (failed instanceof Error) return usual;
  return isWorthATry(failed) ? (failed.retryAfterMs ?? usual) : null;
}

function isWorthATry(answer: ServiceAnswer): boolean {
  const { status } = answer;
  return (status >= 500 || WORTH_A_TRY.has(status)) && !isQuotaUsedUp(answer);
}
