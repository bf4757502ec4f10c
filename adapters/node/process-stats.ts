import { monitorEventLoopDelay } from "node:perf_hooks";
import type { RuntimeReading, RuntimeStats } from "../../src/index.ts";

/** How often the delay is measured, in milliseconds. What is measured has this time in it. */
const RESOLUTION_MS = 20;
/** What a reading of the delay is over. */
const WINDOW_MS = 10_000;

type Delay = RuntimeReading["eventLoopDelay"];

export interface ProcessStats extends RuntimeStats {
  close(): void;
}

/** How this process is doing. Measures until it is closed, and keeps no process alive. */
export function createProcessStats(): ProcessStats {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let window: Delay | null = null;
  const timer = setInterval(() => {
    window = read();
    histogram.reset();
  }, WINDOW_MS).unref();

  function read(): Delay {
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: toSeconds(histogram.percentile(50)),
      p99: toSeconds(histogram.percentile(99)),
      max: toSeconds(histogram.max),
    };
  }

  return {
    read() {
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return {
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        cpuSeconds: (user + system) / 1e6,
        eventLoopDelay: window ?? read(),
      };
    },
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

function toSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
}
