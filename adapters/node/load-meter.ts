import { monitorEventLoopDelay } from "node:perf_hooks";
import type { LoadMeter } from "../../src/index.ts";

/** How often the delay is looked at, in milliseconds; it is part of what is measured. */
const RESOLUTION_MS = 20;
/** What counts as of late. One call that computes for a moment must not turn others away. */
const WINDOW_MS = 1_000;

export interface ProcessLoadMeter extends LoadMeter {
  close(): void;
}

/** How long what is due in this process waits for its turn. Measures until it is closed, and keeps no process alive. */
export function createLoadMeter(): ProcessLoadMeter {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const timer = setInterval(() => {
    const usual = histogram.count === 0 ? 0 : histogram.percentile(50) / 1e6 - RESOLUTION_MS;
    delayMs = Math.max(0, (delayMs + usual) / 2);
    histogram.reset();
  }, WINDOW_MS).unref();
  return {
    delayMs: () => delayMs,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
