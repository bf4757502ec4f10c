import { systemTime } from "../../adapters/node/runtime.ts";
import type { Time } from "../../src/index.ts";

/** As long as the vault sleeps before it looks again. */
const SHORT_MS = 100;

/** Short sleeps are over at once and move the clock on, for a vault that waits for processes that are certainly dead. */
export function createHurriedTime(): Time {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    elapsed: () => performance.now() + ahead,
    after: (ms, task) =>
      systemTime.after(ms <= SHORT_MS ? 0 : ms, () => {
        if (ms <= SHORT_MS) ahead += ms;
        task();
      }),
  };
}
