import type { Time } from "../types/runtime.ts";
import { createTokenBucket } from "./token-bucket.ts";

/**
 * What a plugin's side may send that nobody waits for. That side keeps a tighter measure (guest-outbox.ts), so one that
 * gets here has gone around it; the slack is for messages that waited while the server was busy.
 */
const MESSAGES = { burst: 20_000, perSecond: 4_000, perGift: 400 };
const CHARS = { burst: 64 * 1024 * 1024, perSecond: 8 * 1024 * 1024, perGift: 1024 * 1024 };

export interface FloodGuard {
  /** Counts a message; `false` when it is one too many. */
  take(chars: number): boolean;
  /** The plugin has been called, and has a right to speak. */
  give(): void;
}

export function createFloodGuard({ now }: Pick<Time, "now">): FloodGuard {
  const messages = createTokenBucket(MESSAGES, now);
  const chars = createTokenBucket(CHARS, now);
  return {
    take: (length) => messages.take(1) && chars.take(length),
    give() {
      messages.give();
      chars.give();
    },
  };
}
