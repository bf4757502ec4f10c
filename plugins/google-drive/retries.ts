import { isRateLimit, type GoogleError } from "./google-error.ts";
import type { Answer } from "./request.ts";

const USUAL_PAUSE_MS = 1_000;
/** Nobody is kept waiting longer; what Google asks beyond that is told to the caller. */
const MAX_PAUSE_MS = 10_000;
const BROKEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Milliseconds until the second try, or `null` when there is none. */
export function pauseAfter(answer: Answer, error: GoogleError): number | null {
  // Another process may have renewed the token meanwhile.
  if (answer.status === 401) return 0;
  if (!isRateLimit(answer, error) && !BROKEN.has(answer.status)) return null;
  // So that those who failed together do not come back together.
  const ms = retryAfterMs(answer) ?? USUAL_PAUSE_MS * (0.75 + Math.random() / 2);
  return ms > MAX_PAUSE_MS ? null : ms;
}

/** How long Google asks to wait, when it does. */
export function retryAfterMs({ headers }: Pick<Answer, "headers">): number | null {
  const header = headers.get("retry-after");
  if (header === null) return null;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
