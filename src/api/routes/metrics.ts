import * as z from "zod";
import { formatPrometheus, PROMETHEUS_TYPE } from "../../core/telemetry/prometheus-text.ts";
import type { ServerMetrics } from "../../core/telemetry/server-metrics.ts";
import { PLUGIN_STATES } from "../../core/plugin-state.ts";
import { defineRoute } from "../define-route.ts";
import type { Route } from "../route-table.ts";
import { time } from "../schemas.ts";

const count = z.int().min(0);
const milliseconds = z
  .number()
  .nullable()
  .meta({ description: "Milliseconds, from a histogram; null without a call." });
const calls = {
  calls: count,
  errors: count.meta({ description: "Calls that ended in an error, the tool's own included." }),
  p50: milliseconds,
  p95: milliseconds,
};
const tool = z.object({ tool: z.string(), ...calls });
const plugin = z.object({ plugin: z.string(), ...calls, tools: z.array(tool) });
const summary = z
  .object({
    since: time,
    calls: z.object({
      ...calls,
      requests: count.meta({ description: "MCP requests, of every method." }),
      underWay: count,
      plugins: z.array(plugin).meta({ description: "The most called first." }),
    }),
    connections: z.object({ sse: count, websocket: count, stdio: count }),
    plugins: z.record(z.enum(PLUGIN_STATES), count).meta({ description: "Instances by state." }),
    restarts: count,
    tokenRefreshes: z.object({ ok: count, failed: count }),
    audit: z.object({ behind: count, refused: count }).nullable(),
    process: z
      .object({
        residentBytes: count,
        heapUsedBytes: count,
        cpuSeconds: z.number(),
        eventLoopDelay: z
          .object({ p50: z.number(), p99: z.number(), max: z.number() })
          .meta({ description: "Seconds, over the last ten seconds." }),
      })
      .nullable(),
  })
  .meta({ id: "MetricsSummary" });

export interface MetricsRoutesDeps {
  readonly metrics: Pick<ServerMetrics, "summary" | "families">;
  /** Whether there is something for Prometheus to scrape: one process that lives on. */
  readonly isScraped: boolean;
}

/** `/api/metrics` for people, `/metrics` for Prometheus. */
export function metricsRoutes({ metrics, isScraped }: MetricsRoutesDeps): Route[] {
  const forPeople = defineRoute({
    method: "GET",
    path: "/api/metrics",
    policy: "metrics:read",
    summary:
      "Says how many calls there were since the start, how they ended and how long they took.",
    answers: { 200: summary },
    handle: () => Response.json(metrics.summary()),
  });
  const forPrometheus = defineRoute({
    method: "GET",
    path: "/metrics",
    policy: "metrics:read",
    summary: "Answers all metrics in the text format of Prometheus.",
    answers: { 200: { type: "text/plain" } },
    handle: () =>
      new Response(formatPrometheus(metrics.families()), {
        headers: { "content-type": PROMETHEUS_TYPE },
      }),
  });
  return isScraped ? [forPeople, forPrometheus] : [forPeople];
}
