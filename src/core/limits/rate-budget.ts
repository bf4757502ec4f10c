import type { Time } from "../../types/runtime.ts";

const MINUTE_MS = 60_000;
/** Sums of fractions come out a little above or below: nobody may be refused for that. */
const TOLERANCE_MS = 0.05;
/** Names whose use is remembered; of more, those that have been seen last. */
const MAX_NAMES = 100_000;

/** For a budget whose names each have a limit of their own. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** What became of one use. */
export interface RateUse {
  readonly isAllowed: boolean;
  /** Uses in a minute. */
  readonly limit: number;
  /** Uses that are left right now. */
  readonly remaining: number;
  /** Until the next use is allowed; 0 when one is now. */
  readonly retryAfterMs: number;
}

/** Whole seconds until the next use is allowed, as a caller is told who was refused one: 1 at the least. */
export function retryAfterSeconds({ retryAfterMs }: RateUse): number {
  return Math.max(1, Math.ceil(retryAfterMs / 1_000));
}

/** The sentence that tells a caller of MCP so. */
export function tooMany(what: string, use: RateUse): string {
  return `Too many ${what}: ${use.limit} in a minute are allowed. Try again in ${retryAfterSeconds(use)} s.`;
}

/**
 * How often something may be used in a minute, by name: all of it at once, and then as it comes back, evenly. (The generic
 * cell rate algorithm: one number for each name, and no timers.)
 */
export class RateBudget {
  readonly #perMinute: number;
  readonly #time: Pick<Time, "elapsed">;
  /** When a name's uses so far will all have come back. */
  readonly #spentUntil = new Map<string, number>();

  constructor(perMinute: number, time: Pick<Time, "elapsed">) {
    this.#perMinute = perMinute;
    this.#time = time;
  }

  /** @param perMinute where a name has a limit of its own */
  take(name: string, perMinute: number = this.#perMinute): RateUse {
    const now = this.#time.elapsed();
    const costMs = MINUTE_MS / perMinute;
    const owedMs = this.#owedMs(name, now);
    const isAllowed = hasRoom(owedMs, costMs);
    // What is refused costs nothing, or whoever keeps trying would never get through again.
    if (isAllowed) this.#note(name, now + owedMs + costMs);
    const nowOwedMs = isAllowed ? owedMs + costMs : owedMs;
    return {
      isAllowed,
      limit: perMinute,
      remaining: Math.max(0, Math.floor((MINUTE_MS - nowOwedMs + TOLERANCE_MS) / costMs)),
      retryAfterMs: hasRoom(nowOwedMs, costMs) ? 0 : nowOwedMs + costMs - MINUTE_MS,
    };
  }

  /** Whether a use would be allowed now. */
  hasLeft(name: string, perMinute: number = this.#perMinute): boolean {
    return hasRoom(this.#owedMs(name, this.#time.elapsed()), MINUTE_MS / perMinute);
  }

  /** How long it takes until all uses so far have come back. */
  #owedMs(name: string, now: number): number {
    return Math.max(0, (this.#spentUntil.get(name) ?? now) - now);
  }

  #note(name: string, until: number): void {
    // Those seen last come last.
    this.#spentUntil.delete(name);
    this.#spentUntil.set(name, until);
    if (this.#spentUntil.size <= MAX_NAMES) return;
    const [oldest] = this.#spentUntil.keys();
    this.#spentUntil.delete(oldest!);
  }
}

function hasRoom(owedMs: number, costMs: number): boolean {
  return owedMs + costMs <= MINUTE_MS + TOLERANCE_MS;
}
