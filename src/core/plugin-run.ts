import { AppError } from "../errors.ts";
import { toPluginPrincipal } from "./auth/principals.ts";
import type { CallOutcome, HostCall, HostedPlugin } from "../types/host.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { PluginDesk } from "./plugin-services.ts";
import { cancelled, RunningCall, type CallReports } from "./running-call.ts";

/** What answers the calls of an instance: one plugin object, one for each owner, or the word that something is missing. */
export interface CallRun {
  readonly instanceId: string;
  /**
   * Calls the plugin. Rejects with what the plugin threw (a `ToolError` is an outcome, not a rejection).
   *
   * @param timeoutMs without progress; ten minutes are the most in all
   * @throws AppError `PLUGIN_TIMEOUT`, `CALL_ABORTED`, or `PLUGIN_UNAVAILABLE` once the run is being stopped
   */
  call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome>;
  /** Knows the secrets that were handed to the plugin object which answers this caller. */
  handedOutTo(principal: Principal): Scrubber;
  /**
   * Takes no more calls, waits for those in flight, `graceMs` at most, and then aborts what is left. A second drain with
   * less patience ends the first one's wait, too.
   */
  drain(graceMs: number): Promise<void>;
  /** Lets go of what it has besides the instance's own plugin object; after `drain`. */
  close?(): Promise<void>;
}

/**
 * One loaded plugin and its calls in flight. Each start makes a new one, so what holds a run (a
 * catalog entry, a call) keeps speaking to the code it began with.
 */
export class PluginRun implements CallRun {
  readonly instanceId: string;
  readonly #plugin: HostedPlugin;
  readonly #desk: Pick<PluginDesk, "underWay" | "handedOut">;
  readonly #time: Time;
  readonly #calls = new Set<RunningCall>();
  readonly #whenIdle = new Set<() => void>();
  #closed = false;

  constructor(
    instanceId: string,
    plugin: HostedPlugin,
    desk: Pick<PluginDesk, "underWay" | "handedOut">,
    time: Time,
  ) {
    this.instanceId = instanceId;
    this.#plugin = plugin;
    this.#desk = desk;
    this.#time = time;
  }

  async call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome> {
    if (this.#closed) throw stopped(this.instanceId);
    if (reports.signal?.aborted) throw cancelled(call.requestId);
    const running = new RunningCall(call.requestId, timeoutMs, reports, this.#time);
    this.#calls.add(running);
    const ended = this.#desk.underWay.begin(call);
    try {
      return await running.settle(this.#plugin.call(forPlugin(call), running));
    } finally {
      ended();
      this.#calls.delete(running);
      if (this.#calls.size === 0) for (const resume of this.#whenIdle) resume();
    }
  }

  handedOutTo(): Scrubber {
    return this.#desk.handedOut;
  }

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
    for (const call of this.#calls) call.abort(stopped(this.instanceId));
  }
}

function forPlugin(call: HostCall): HostCall {
  const principal = toPluginPrincipal(call.principal);
  return principal === call.principal ? call : { ...call, principal };
}

/** What a caller learns of an instance that serves no calls any more. */
export function stopped(instanceId: string): AppError {
  return new AppError("PLUGIN_UNAVAILABLE", `Plugin "${instanceId}" was stopped.`);
}

/** Waits for work that a call needs and others may share, unless the client goes. */
export async function unlessCancelled<T>(
  work: Promise<T>,
  { requestId }: Pick<HostCall, "requestId">,
  { signal }: Pick<CallReports, "signal">,
): Promise<T> {
  if (signal === null) return work;
  if (signal.aborted) throw cancelled(requestId);
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(cancelled(requestId));
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
