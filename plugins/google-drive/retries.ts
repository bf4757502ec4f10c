import { retryAfterMs } from "mcp-plugin-server/plugin";
import { isRateLimit, type GoogleError } from "./google-error.ts";
import type { Answer } from "./request.ts";

const USUAL_PAUSE_MS = 1_000;
/** Nobody is kept waiting longer; what Google asks beyond that is told to the caller. */
const MAX_PAUSE_MS = 10_000;
const BROKEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Milliseconds until the second try, or `null` when there is none. */
export function pauseAfter(answer: Answer, error: GoogleError): number | null {
  if (!isRateLimit(answer, error) && !BROKEN.has(answer.status)) return null;
  const asked = retryAfterMs(answer.headers, Date.now());
  // So that those who failed together do not come back together.
  const ms = asked ?? USUAL_PAUSE_MS * (0.75 + Math.random() / 2);
  return ms > MAX_PAUSE_MS ? null : ms;
}
