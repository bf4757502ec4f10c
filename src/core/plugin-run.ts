import { AppError } from "../errors.ts";
import type { CallOutcome, HostCall, HostedPlugin } from "../types/host.ts";
import type { Time } from "../types/runtime.ts";
import { cancelled, RunningCall, type CallReports } from "./running-call.ts";

/**
 * One loaded plugin and its calls in flight. Each start makes a new one, so what holds a run (a
 * catalog entry, a call) keeps speaking to the code it began with.
 */
export class PluginRun {
  readonly instanceId: string;
  readonly #plugin: HostedPlugin;
  readonly #time: Time;
  readonly #calls = new Set<RunningCall>();
  readonly #whenIdle = new Set<() => void>();
  #closed = false;

  constructor(instanceId: string, plugin: HostedPlugin, time: Time) {
    this.instanceId = instanceId;
    this.#plugin = plugin;
    this.#time = time;
  }

  get plugin(): HostedPlugin {
    return this.#plugin;
  }

  /**
   * Calls the plugin. Rejects with what the plugin threw (a `ToolError` is an outcome, not a rejection).
   *
   * @param timeoutMs without progress; ten minutes are the most in all
   * @throws AppError `PLUGIN_TIMEOUT`, `CALL_ABORTED`, or `PLUGIN_UNAVAILABLE` once the run is being stopped
   */
  async call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome> {
    if (this.#closed) throw this.#stopped();
    if (reports.signal?.aborted) throw cancelled(call.requestId);
    const running = new RunningCall(call.requestId, timeoutMs, reports, this.#time);
    this.#calls.add(running);
    try {
      return await running.settle(this.#plugin.call(call, running));
    } finally {
      this.#calls.delete(running);
      if (this.#calls.size === 0) for (const resume of this.#whenIdle) resume();
    }
  }

  /**
   * Takes no more calls, waits for those in flight, `graceMs` at most, and then aborts what is left. A second drain with
   * less patience ends the first one's wait, too.
   */
  async drain(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#calls.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#time.after(graceMs, resolve);
        this.#whenIdle.add(() => {
          cancel();
          resolve();
        });
      });
    }
    for (const call of this.#calls) call.abort(this.#stopped());
  }

  #stopped(): AppError {
    return new AppError("PLUGIN_UNAVAILABLE", `Plugin "${this.instanceId}" was stopped.`);
  }
}
