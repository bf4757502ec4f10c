/** How much may happen: `burst` at once, `perSecond` in the long run, `perGift` more for each reason to. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
  readonly perGift: number;
}

export interface TokenBucket {
  /** Takes `amount`, or nothing where that much is not left. */
  take(amount: number): boolean;
  /** Adds what one reason to be busy is worth; never beyond the burst. */
  give(): void;
}

/** Counts what happens against what may. `now` is in milliseconds and may jump: time that runs back adds nothing. */
export function createTokenBucket(
  { burst, perSecond, perGift }: Rate,
  now: () => number,
): TokenBucket {
  let tokens = burst;
  let filledAt = now();
  return {
    take(amount) {
      const at = now();
      tokens = Math.min(burst, tokens + (Math.max(0, at - filledAt) / 1_000) * perSecond);
      filledAt = at;
      if (tokens < amount) return false;
      tokens -= amount;
      return true;
    },
    give() {
      tokens = Math.min(burst, tokens + perGift);
    },
  };
}
