import type { Time } from "../../src/index.ts";

export interface WorkersTime extends Time {
  /** Runs what fell due while nobody was there. To be called at the beginning of every request. */
  runOverdue(): void;
}

/**
 * The clock of an isolate. On Workers a timer belongs to the request that set it and is dropped with it, so what
 * outlives a request (a plugin that is to be started once more, the time limit of a start whose request went away)
 * stays on a list, and the next request runs what is overdue.
 */
export function createWorkersTime(): WorkersTime {
  const pending = new Map<object, { readonly at: number; readonly task: () => void }>();
  const run = (id: object) => {
    const entry = pending.get(id);
    if (pending.delete(id)) entry?.task();
  };
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(ms, task) {
      const id = {};
      pending.set(id, { at: Date.now() + ms, task });
      const timer = setTimeout(() => run(id), ms);
      return () => {
        pending.delete(id);
        clearTimeout(timer);
      };
    },
    runOverdue() {
      const now = Date.now();
      for (const [id, { at }] of pending) if (at <= now) run(id);
    },
  };
}
