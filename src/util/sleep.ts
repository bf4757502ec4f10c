import type { Time } from "../types/runtime.ts";

/** Resolves after `ms` of that time. */
export function sleep(time: Time, ms: number): Promise<void> {
  return new Promise((resolve) => void time.after(ms, resolve));
}
