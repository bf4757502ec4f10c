import type { BegunCall, CallEnd, CallObserver, ObservedCall } from "../../types/call-observer.ts";
import type { Principal } from "../../types/principal.ts";
import type { Time } from "../../types/runtime.ts";
import { principalName, type LiveEvents } from "../live-events.ts";
import type { CallSpan, CallSpans } from "./call-spans.ts";
import { knownMethod } from "./semantic-conventions.ts";
import type { ServerMetrics } from "./server-metrics.ts";

const UNHEARD: ObservedCall = { run: (work) => work(), end() {} };

/** Hears of nothing. */
export const NO_OBSERVER: CallObserver = { begin: () => UNHEARD, opened: () => () => {} };

export interface CallObserverDeps {
  readonly spans: CallSpans;
  readonly metrics: Pick<ServerMetrics, "calls" | "connectionOpened" | "connectionClosed">;
  readonly events: Pick<LiveEvents, "publish">;
  readonly time: Time;
}

/** Tells of each request what is to be counted, traced and watched. */
export function createCallObserver(deps: CallObserverDeps): CallObserver {
  const { spans, metrics, events, time } = deps;
  return {
    begin(call) {
      metrics.calls.began();
      const facts = factsOf(call);
      events.publish({ type: "call.begun", ...facts });
      return new Observed(deps, { call, facts, span: spans.begin(call), began: time.elapsed() });
    },
    opened(transport, by: Principal) {
      const principal = principalName(by);
      metrics.connectionOpened(transport);
      events.publish({ type: "connection.opened", transport, principal });
      return () => {
        metrics.connectionClosed(transport);
        events.publish({ type: "connection.closed", transport, principal });
      };
    },
  };
}

interface Begun {
  readonly call: BegunCall;
  readonly facts: ReturnType<typeof factsOf>;
  readonly span: CallSpan | null;
  /** By `Time.elapsed`. */
  readonly began: number;
}

class Observed implements ObservedCall {
  readonly #deps: CallObserverDeps;
  readonly #begun: Begun;

  constructor(deps: CallObserverDeps, begun: Begun) {
    this.#deps = deps;
    this.#begun = begun;
  }

  run<T>(work: () => T): T {
    const { span } = this.#begun;
    return span === null ? work() : span.run(work);
  }

  end(end: CallEnd): void {
    const { metrics, events, time } = this.#deps;
    const { call, facts, span, began } = this.#begun;
    const milliseconds = time.elapsed() - began;
    const seconds = milliseconds / 1_000;
    metrics.calls.ended(call, end, seconds);
    span?.end(end, seconds);
    events.publish({
      type: "call.ended",
      outcome: end.outcome,
      code: end.outcome === "error" ? end.code : null,
      milliseconds,
      ...facts,
    });
  }
}

function factsOf({ requestId, method, target, transport, principal }: BegunCall) {
  return {
    requestId,
    method: knownMethod(method),
    plugin: target?.instanceId ?? null,
    target: target?.name ?? null,
    transport,
    principal: principalName(principal),
  };
}
