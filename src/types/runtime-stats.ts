/** How the process is doing, where the runtime can say. */
export interface RuntimeStats {
  read(): RuntimeReading;
}

export interface RuntimeReading {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** User and system time together, since the process began. */
  readonly cpuSeconds: number;
  /** How late timers were during the last ten seconds or so, in seconds. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
}
