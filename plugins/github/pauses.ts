import type { RateLimit } from "./rate-limits.ts";
import type { ServiceAnswer } from "./request.ts";

/** What nobody minds waiting for. */
const MAX_PAUSE_MS = 5_000;
const USUAL_PAUSE_MS = 500;

/**
 * Milliseconds until the second try, or `null` when there is none.
 *
 * @param failed the answer, or why none came
 * @param isRepeatable whether it may be done twice, when nobody knows whether it was done
 */
export function pauseAfter(
  failed: ServiceAnswer | Error,
  limit: RateLimit | null,
  isRepeatable: boolean,
): number | null {
  // A request that hit a limit was not carried out.
  if (limit !== null) return limit.waitMs <= MAX_PAUSE_MS ? limit.waitMs : null;
  if (!isRepeatable) return null;
  if (failed instanceof Error || failed.status >= 500) {
    // So that those who failed together do not come back together.
    return USUAL_PAUSE_MS * (0.75 + Math.random() / 2);
  }
  return null;
}
