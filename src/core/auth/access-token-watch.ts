import type { Time } from "../../types/runtime.ts";

/** Whoever has ended a token was promised that nothing goes on for a minute, and a question may take five seconds. */
const RECHECK_MS = 50_000;
/** How soon an issuer that did not answer is asked again. */
const RETRY_MS = 10_000;
/** How long something stays open while nobody can tell whether it may: new requests are refused meanwhile. */
const UNCONFIRMED_MS = 300_000;
/** Of the questions that an issuer gets at once, those of people who are waiting come first. */
const MAX_AT_ONCE = 16;

export interface TokenWatchDeps<T> {
  /** Checks a token anew; `gone` when it is not what it was. Must not reject. */
  readonly ask: (token: string, found: T) => Promise<"good" | "gone" | "unavailable">;
  /** When it was last found good, by `time.elapsed()`. */
  readonly checkedAt: (found: T) => number;
  readonly end: (found: T) => void;
  readonly time: Time;
}

/**
 * Looks after tokens for as long as something is open with them: nobody would ask about those otherwise, since no request
 * comes. One that is gone is ended within a minute, and one whose issuer answers no more within six.
 *
 * @returns a function that begins to look after one, and answers how to stop; the token is in memory until then
 */
export function createTokenWatch<T extends object>({
  ask,
  checkedAt,
  end,
  time,
}: TokenWatchDeps<T>): (token: string, found: T) => () => void {
  const watched = new Map<T, Watched>();
  const waiting: (() => Promise<void>)[] = [];
  let underWay = 0;

  function runWaiting(): void {
    while (underWay < MAX_AT_ONCE && waiting.length > 0) {
      underWay += 1;
      void waiting.shift()!().finally(() => {
        underWay -= 1;
        runWaiting();
      });
    }
  }

  function begin(token: string, found: T): Watched {
    const self: Watched = { users: 0, cancel: () => {} };
    const isWatched = () => watched.get(found) === self;
    const wait = (ms: number) => {
      self.cancel = time.after(Math.max(ms, 0), () => {
        waiting.push(check);
        runWaiting();
      });
    };
    const untilNext = () => checkedAt(found) + RECHECK_MS - time.elapsed();
    async function check(): Promise<void> {
      if (!isWatched()) return;
      // A request has come with it in between.
      if (untilNext() > 0) return wait(untilNext());
      const answer = await ask(token, found);
      if (!isWatched()) return;
      if (answer === "good") return wait(RECHECK_MS);
      const isLate = time.elapsed() - checkedAt(found) >= UNCONFIRMED_MS;
      if (answer === "gone" || isLate) end(found);
      else wait(RETRY_MS);
    }
    wait(untilNext());
    return self;
  }

  return (token, found) => {
    const self = watched.get(found) ?? begin(token, found);
    watched.set(found, self);
    self.users += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      self.users -= 1;
      if (self.users > 0) return;
      self.cancel();
      watched.delete(found);
    };
  };
}

/** What is open with one token. */
interface Watched {
  users: number;
  cancel: () => void;
}
