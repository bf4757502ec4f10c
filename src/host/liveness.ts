import type { Time } from "../types/runtime.ts";

/** How often a plugin is asked for a sign of life while something is expected of it, in milliseconds. */
const PING_EVERY_MS = 1_000;
/**
 * The patience is measured in this many parts, each begun when the one before is over: when the server's own thread
 * stood still (a suspended machine), one part has gone by and not all of them.
 */
const PARTS = 10;

export interface LivenessDeps {
  /** Whether something is expected of the plugin. One that is not asked for anything may sleep. */
  readonly isBusy: () => boolean;
  readonly ping: () => void;
  readonly onDead: () => void;
  /** How long an answer to a ping may take, in milliseconds. */
  readonly pongMs: number;
  readonly time: Time;
}

export interface Liveness {
  /** Something is expected of the plugin now. Costs nothing while it is watched already. */
  watch(): void;
  /** Whether this answer was waited for. */
  pong(): boolean;
  stop(): void;
}

/** Notices a plugin whose thread no longer turns, by pings that it does not answer. */
export function createLiveness({ isBusy, ping, onDead, pongMs, time }: LivenessDeps): Liveness {
  let cancel: (() => void) | null = null;
  let waits = false;
  const watch = () => {
    cancel = time.after(PING_EVERY_MS, () => {
      cancel = null;
      if (!isBusy()) return;
      waits = true;
      ping();
      wait(PARTS);
    });
  };
  const wait = (partsLeft: number) => {
    if (partsLeft === 0) return onDead();
    cancel = time.after(pongMs / PARTS, () => wait(partsLeft - 1));
  };
  const stop = () => {
    cancel?.();
    cancel = null;
  };
  return {
    watch: () => void (cancel ?? watch()),
    pong() {
      if (!waits) return false;
      waits = false;
      stop();
      watch();
      return true;
    },
    stop,
  };
}
