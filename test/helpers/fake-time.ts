import type { Time } from "../../src/index.ts";

/** A clock that stands still until it is told to go on. */
export function createFakeTime(start = 1_700_000_000_000): Time & {
  /** Lets `ms` pass and runs what falls due, in order, waiting for what each task starts. */
  advance(ms: number): Promise<void>;
  /** How many tasks wait for their time. */
  pending(): number;
} {
  let now = start;
  const tasks = new Map<number, { at: number; task: () => void }>();
  let lastId = 0;
  return {
    now: () => now,
    elapsed: () => now - start,
    pending: () => tasks.size,
    after(ms, task) {
      const id = ++lastId;
      tasks.set(id, { at: now + ms, task });
      return () => void tasks.delete(id);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const due = [...tasks]
          .filter(([, { at }]) => at <= end)
          .toSorted((a, b) => a[1].at - b[1].at);
        const [next] = due;
        if (next === undefined) break;
        const [id, { at, task }] = next;
        tasks.delete(id);
        now = Math.max(now, at);
        task();
      }
      now = end;
      await settle();
    },
  };
}

/** Lets promises that are ready run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
