import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorkersTime } from "../../adapters/workers/time.ts";

// Only the clock is held: that the timers never fire is what happens when their request has gone.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_000 }));
afterEach(() => void vi.useRealTimers());

describe("the clock of an isolate", () => {
  it("runs a task after its time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    createWorkersTime().after(1, resolve);
    await expect(promise).resolves.toBeUndefined();
  });

  it("runs a task whose timer was lost at the next request after its time, once", () => {
    const time = createWorkersTime();
    const task = vi.fn<() => void>();
    time.after(60_000, task);

    vi.setSystemTime(60_999);
    time.runOverdue();
    expect(task).not.toHaveBeenCalled();

    vi.setSystemTime(61_000);
    time.runOverdue();
    time.runOverdue();
    expect(task).toHaveBeenCalledOnce();
  });

  it("forgets a task that was cancelled", () => {
    const time = createWorkersTime();
    const task = vi.fn<() => void>();
    const cancel = time.after(60_000, task);
    cancel();
    vi.setSystemTime(100_000);
    time.runOverdue();
    expect(task).not.toHaveBeenCalled();
  });
});
