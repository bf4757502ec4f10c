import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type HistogramMetricData,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

export interface OpenTelemetry {
  /** The spans that have ended, in that order. */
  spans(): ReadableSpan[];
  spanOf(name: string): ReadableSpan;
  /** What the histogram of requests has: one for each set of attributes. */
  durations(): Promise<HistogramMetricData["dataPoints"]>;
}

/** Registers the real SDK, as an operator does, until the test ends. */
export function registerOpenTelemetry(): OpenTelemetry {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const meters = new MeterProvider({ readers: [reader] });
  const contexts = new AsyncLocalStorageContextManager().enable();
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  context.setGlobalContextManager(contexts);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  onTestFinished(async () => {
    for (const api of [trace, metrics, context, propagation]) api.disable();
    await Promise.all([tracers.shutdown(), meters.shutdown()]);
  });
  return {
    spans: () => spans.getFinishedSpans(),
    spanOf(name) {
      const found = spans.getFinishedSpans().filter((span) => span.name === name);
      if (found.length !== 1) {
        const names = spans.getFinishedSpans().map((span) => span.name);
        throw new Error(`${found.length} spans are called ${name}, of ${names.join(", ")}`);
      }
      return found[0]!;
    },
    async durations() {
      await reader.forceFlush();
      const all = exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics);
      const found = all?.find(({ descriptor }) => {
        return descriptor.name === "mcp.server.operation.duration";
      });
      return (found as HistogramMetricData | undefined)?.dataPoints ?? [];
    },
  };
}
