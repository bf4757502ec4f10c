import {
  createNoopMeter,
  metrics,
  ProxyTracerProvider,
  trace,
  type Histogram,
  type MeterProvider,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import { SCOPE, SERVER_DURATION } from "./semantic-conventions.ts";

/** What stands behind OpenTelemetry's API where no SDK is. */
const NOBODY = new ProxyTracerProvider().getDelegate();

/**
 * The tracer and the histogram of the SDK that is registered, if one is; it may come and go while the server runs. Asked on
 * every call: without an SDK this costs a few comparisons.
 */
export class Instruments {
  readonly #version: string;
  #tracers: TracerProvider | null = null;
  #tracer: Tracer | null = null;
  #meters: MeterProvider | null = null;
  #duration: Histogram | null = null;

  /** @param version of this server, which names itself as the source of what it tells */
  constructor(version: string) {
    this.#version = version;
  }

  get tracer(): Tracer | null {
    const registered = trace.getTracerProvider();
    const tracers =
      registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
    if (tracers !== this.#tracers) {
      this.#tracers = tracers;
      this.#tracer = tracers === NOBODY ? null : tracers.getTracer(SCOPE, this.#version);
    }
    return this.#tracer;
  }

  /** Of requests, in seconds. */
  get duration(): Histogram | null {
    const meters = metrics.getMeterProvider();
    if (meters !== this.#meters) {
      this.#meters = meters;
      const meter = meters.getMeter(SCOPE, this.#version);
      this.#duration =
        meter === createNoopMeter()
          ? null
          : meter.createHistogram(SERVER_DURATION.name, SERVER_DURATION.options);
    }
    return this.#duration;
  }
}
