import { AppError } from "../errors.ts";
import type { Time } from "../types/runtime.ts";

/**
 * Waits for `work`, but not longer than `ms`. Work that goes on after its time has its outcome ignored, so a late
 * rejection is no unhandled one.
 *
 * @throws AppError `PLUGIN_TIMEOUT` when the time is up.
 */
export async function withDeadline<T>(
  work: () => Promise<T> | T,
  ms: number,
  what: string,
  time: Time,
): Promise<T> {
  let cancel: (() => void) | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    cancel = time.after(ms, () =>
      reject(new AppError("PLUGIN_TIMEOUT", `${what} took longer than ${ms} ms.`)),
    );
  });
  try {
    return await Promise.race([Promise.resolve().then(work), timeUp]);
  } finally {
    cancel?.();
  }
}

/**
 * Waits for `work`, but not longer than `ms`, and then goes on without it. Rejects when `work` does in that time; a later
 * rejection is no unhandled one.
 */
export async function waitAtMost(work: Promise<unknown>, ms: number, time: Time): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const cancel = time.after(ms, resolve);
  try {
    await Promise.race([work, timeUp]);
  } finally {
    cancel();
  }
}
