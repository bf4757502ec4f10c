import { pause } from "mcp-plugin-server/plugin";
import { Unreachable, type ServiceAnswer } from "./request.ts";

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 200;

export interface TryOptions {
  /** Whether a second time does no harm. Otherwise there is one only when the service says that it was too busy. */
  readonly isRepeatable: boolean;
  /** Milliseconds since 1970; no try begins later. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * The first answer that is final, or the last one that there was time for.
 *
 * @throws whatever the last try has thrown
 */
export async function withTries(
  attempt: () => Promise<ServiceAnswer>,
  { isRepeatable, deadline, signal }: TryOptions,
): Promise<ServiceAnswer> {
  for (let tries = 1; ; tries += 1) {
    const last = await attempt().catch((error: unknown) => {
      if (isRepeatable && error instanceof Unreachable) return error;
      throw error;
    });
    const ms = pauseAfter(last, isRepeatable) * 2 ** (tries - 1);
    if (tries >= MAX_TRIES || Date.now() + ms >= deadline) {
      if (last instanceof Unreachable) throw last;
      return last;
    }
    await pause(ms, signal);
  }
}

/** Infinite for an answer that is final. */
function pauseAfter(last: ServiceAnswer | Unreachable, isRepeatable: boolean): number {
  if (last instanceof Unreachable) return FIRST_PAUSE_MS;
  const isWorthATry = last.status === 429 || (isRepeatable && last.status >= 500);
  return isWorthATry ? (last.retryAfterMs ?? FIRST_PAUSE_MS) : Infinity;
}
