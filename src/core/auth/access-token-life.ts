import type { Time } from "../../types/runtime.ts";

/** Timers of most runtimes wait no longer than 24 days, and end at once when they are told to. */
const MAX_WAIT_MS = 86_400_000;

export interface TokenLife {
  readonly signal: AbortSignal;
  end(): void;
}

/** How long whoever came with a token may stay: until it expires (epoch milliseconds), or is ended before that. */
export function createTokenLife(expiresAt: number, time: Time): TokenLife {
  const controller = new AbortController();
  let cancel = () => {};
  const end = () => {
    cancel();
    controller.abort();
  };
  const wait = () => {
    const left = expiresAt - time.now();
    if (left <= 0) return end();
    cancel = time.after(Math.min(left, MAX_WAIT_MS), wait);
  };
  wait();
  return { signal: controller.signal, end };
}
