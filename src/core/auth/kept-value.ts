import type { Time } from "../../types/runtime.ts";

/** Times in milliseconds. */
export interface KeepRules {
  /** How long a value is good without a look whether there is another. */
  readonly freshMs: number;
  /** How long it is used while there is no other to be had. */
  readonly staleMs: number;
  /** How long nobody asks again after having asked. */
  readonly retryMs: number;
  /** The same while there is no value at all. */
  readonly emptyRetryMs: number;
}

/** A value of somebody else's, read when it is needed, and kept while they are down. */
export interface KeptValue<T> {
  /** `null` when there is none to be had. */
  get(): Promise<T | null>;
  /** The value, read anew unless that has just been done: for whoever misses something in it. */
  again(): Promise<T | null>;
  /** Whether the last one who asked got an answer. */
  isAnswered(): boolean;
}

/** @param read answers `null` when it gets none, and is never run twice at once */
export function createKeptValue<T>(
  read: () => Promise<T | null>,
  rules: KeepRules,
  time: Time,
): KeptValue<T> {
  let kept: { readonly value: T; readonly at: number } | null = null;
  let tried: { readonly at: number; readonly isAnswered: boolean } | null = null;
  let reading: Promise<void> | null = null;

  const isWithin = (at: number, ms: number) => time.elapsed() - at < ms;
  const current = () => (kept !== null && isWithin(kept.at, rules.staleMs) ? kept : null);

  async function readOnce(): Promise<void> {
    const value = await read();
    const at = time.elapsed();
    tried = { at, isAnswered: value !== null };
    if (value !== null) kept = { value, at };
  }

  async function refresh(): Promise<void> {
    const pause = current() === null ? rules.emptyRetryMs : rules.retryMs;
    if (reading === null && tried !== null && isWithin(tried.at, pause)) return;
    reading ??= readOnce().finally(() => (reading = null));
    await reading;
  }

  return {
    async get() {
      const value = current();
      if (value === null || !isWithin(value.at, rules.freshMs)) await refresh();
      return current()?.value ?? null;
    },
    async again() {
      await refresh();
      return current()?.value ?? null;
    },
    isAnswered: () => tried?.isAnswered === true,
  };
}
