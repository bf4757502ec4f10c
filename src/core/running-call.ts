import { AppError } from "../errors.ts";
import type { CallEvents, CallOutcome } from "../types/host.ts";
import type { LogLevel } from "../types/plugin.ts";
import type { Time } from "../types/runtime.ts";
import { isFiniteNumber, MAX_LOG_CHARS } from "../util/call-reports.ts";
import { toJsonText } from "../util/json-text.ts";
import { MAX_CALL_MS } from "./call-limits.ts";

/** A plugin in a tight loop must not flood its client; one last report (progress = total) goes out all the same. */
const MAX_REPORTS_PER_CALL = 1_000;

const LOG_LEVELS: ReadonlySet<unknown> = new Set<LogLevel>([
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
]);

/** Where a call's reports go, and what ends it from outside. */
export interface CallReports {
  /** Aborts when the client is gone or has cancelled. */
  readonly signal: AbortSignal | null;
  progress?(progress: number, total?: number, message?: string): void;
  log?(level: LogLevel, data: unknown): void;
  closeStream?(): void;
}

/**
 * A call in flight: its time limit, its abort signal and its reports. After its end it is silent. What the plugin
 * reports and no client could read (a progress that is no number, data that is no JSON) is dropped.
 */
export class RunningCall implements CallEvents {
  readonly #requestId: string;
  readonly #reports: CallReports;
  readonly #time: Time;
  readonly #timeoutMs: number;
  #controller: AbortController | null = null;
  #abortedWith: AppError | null = null;
  #reject: ((error: AppError) => void) | null = null;
  #cancelTimer: (() => void) | null = null;
  readonly #startedAt: number;
  #lastProgress = -Infinity;
  #reportsLeft = MAX_REPORTS_PER_CALL;
  #sentLast = false;
  #ended = false;

  constructor(requestId: string, timeoutMs: number, reports: CallReports, time: Time) {
    this.#requestId = requestId;
    this.#timeoutMs = timeoutMs;
    this.#reports = reports;
    this.#time = time;
    this.#startedAt = time.now();
  }

  /** Made when first asked for: most tools never look. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedWith !== null) this.#controller.abort(this.#abortedWith);
    return this.#controller.signal;
  }

  /** Answers the call's outcome, or rejects as soon as it is aborted or out of time, whatever the plugin does then. */
  async settle(outcome: Promise<CallOutcome>): Promise<CallOutcome> {
    const clientGone = () => this.abort(cancelled(this.#requestId));
    const { signal } = this.#reports;
    try {
      return await new Promise<CallOutcome>((resolve, reject) => {
        this.#reject = reject;
        outcome.then(resolve, reject);
        this.#startTimer();
        if (signal?.aborted) clientGone();
        else signal?.addEventListener("abort", clientGone, { once: true });
      });
    } finally {
      this.#ended = true;
      this.#cancelTimer?.();
      signal?.removeEventListener("abort", clientGone);
    }
  }

  abort(error: AppError): void {
    if (this.#ended || this.#abortedWith !== null) return;
    this.#abortedWith = error;
    this.#controller?.abort(error);
    this.#reject?.(error);
  }

  progress(progress: number, total?: number, message?: string): void {
    if (this.#ended || !isFiniteNumber(progress) || progress <= this.#lastProgress) return;
    this.#lastProgress = progress;
    this.#startTimer();
    if (this.#mayReport(progress === total)) {
      this.#reports.progress?.(
        progress,
        isFiniteNumber(total) ? total : undefined,
        typeof message === "string" ? message : undefined,
      );
    }
  }

  log(level: LogLevel, data: unknown): void {
    if (this.#ended || this.#reports.log === undefined || !LOG_LEVELS.has(level)) return;
    const text = toJsonText(data, MAX_LOG_CHARS);
    if (text.ok && this.#mayReport(false)) this.#reports.log(level, JSON.parse(text.value));
  }

  closeStream(): void {
    if (!this.#ended) this.#reports.closeStream?.();
  }

  #mayReport(isLast: boolean): boolean {
    if (this.#reportsLeft > 0) {
      this.#reportsLeft--;
      return true;
    }
    const first = !this.#sentLast;
    if (isLast) this.#sentLast = true;
    return isLast && first;
  }

  #startTimer(): void {
    this.#cancelTimer?.();
    const leftInAll = this.#startedAt + MAX_CALL_MS - this.#time.now();
    this.#cancelTimer = this.#time.after(Math.min(this.#timeoutMs, leftInAll), () =>
      this.abort(
        new AppError("PLUGIN_TIMEOUT", `Request ${this.#requestId} took longer than allowed.`),
      ),
    );
  }
}

/** Why a call ends whose client has gone. */
export function cancelled(requestId: string): AppError {
  return new AppError("CALL_ABORTED", `Request ${requestId} was cancelled.`);
}
