import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DURATION_BOUNDS } from "../../../src/core/telemetry/duration-histogram.ts";
import { formatPrometheus } from "../../../src/core/telemetry/prometheus-text.ts";
import { createProcessStats } from "../../../adapters/node/process-stats.ts";
import { createAuditLog, createScrubber, createMemoryAudit } from "../../../src/index.ts";
import type { RuntimeReading } from "../../../src/types/runtime-stats.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { modern } from "../../helpers/mcp.ts";
import { createPlugin } from "../../helpers/manager.ts";
import { createWatchedServer, type WatchedServerOptions } from "../../helpers/watched-server.ts";
import { openChannel } from "../../helpers/channel.ts";
import { readPrometheus } from "../../helpers/prometheus.ts";

const READING: RuntimeReading = {
  residentBytes: 1_000,
  heapUsedBytes: 500,
  cpuSeconds: 1.5,
  eventLoopDelay: { p50: 0.001, p99: 0.01, max: 0.02 },
};

async function open(options: Partial<WatchedServerOptions> = {}) {
  const server = await createWatchedServer({
    plugins: { demo: createPlugin("demo") },
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

function openAudit() {
  const audit = createAuditLog({
    key: new Uint8Array(32).fill(1),
    sinks: [createMemoryAudit()],
    scrubber: createScrubber(),
    time: createFakeTime(),
    logger: createRecordingLogger(),
  });
  onTestFinished(() => audit.close());
  return audit;
}

const refresh = (outcome: "started" | "ok" | "failed" | "refused") =>
  ({
    actor: "plugin:demo",
    action: "token.refresh",
    instanceId: "demo",
    subject: null,
    outcome,
    requestId: null,
    detail: {},
  }) as const;

const scrape = (server: Awaited<ReturnType<typeof open>>) =>
  readPrometheus(formatPrometheus(server.metrics.families()));

describe("the metrics for Prometheus", () => {
  it("are read by a parser as what they are", async () => {
    const audit = openAudit();
    const server = await open({ deps: { audit, runtime: { read: () => READING } } });
    await modern(server, "tools/call", { name: "demo_echo", arguments: { a: 1 } });
    await audit.record(refresh("started"));
    await audit.record(refresh("ok"));
    await audit.record(refresh("failed"));
    openChannel(server);
    const found = scrape(server);
    const valuesOf = (name: string) => found.get(name)!;
    expect(valuesOf("mcp_server_info")).toEqual([{ version: "1.0.0", value: "1" }]);
    expect(valuesOf("mcp_connections")).toEqual([
      { transport: "sse", value: "0" },
      { transport: "websocket", value: "0" },
      { transport: "stdio", value: "1" },
    ]);
    expect(valuesOf("mcp_token_refreshes_total")).toEqual([
      { outcome: "ok", value: "1" },
      { outcome: "failed", value: "1" },
    ]);
    expect(valuesOf("mcp_audit_backlog")).toEqual([{ sink: "memory", value: "0" }]);
    expect(valuesOf("mcp_audit_sink_up")).toEqual([{ sink: "memory", value: "1" }]);
    expect(valuesOf("mcp_audit_refused_total")).toEqual([{ value: "0" }]);
    expect(valuesOf("process_resident_memory_bytes")).toEqual([{ value: "1000" }]);
    expect(valuesOf("process_cpu_seconds_total")).toEqual([{ value: "1.5" }]);
    expect(valuesOf("mcp_event_loop_delay_seconds")).toEqual([
      { statistic: "p50", value: "0.001" },
      { statistic: "p99", value: "0.01" },
      { statistic: "max", value: "0.02" },
    ]);
    expect(valuesOf("mcp_plugin_state").filter(({ value }) => value === "1")).toEqual([
      { plugin: "demo", state: "running", value: "1" },
    ]);
    const tool = { plugin: "demo", tool: "demo_echo" };
    expect(valuesOf("mcp_tool_call_duration_seconds_count")).toEqual([{ ...tool, value: "1" }]);
    const buckets = valuesOf("mcp_tool_call_duration_seconds_bucket");
    expect(buckets.map(({ le }) => le)).toEqual([...DURATION_BOUNDS.map(String), "+Inf"]);
    expect(buckets.slice(-2)).toEqual([
      { ...tool, le: "300", value: "1" },
      { ...tool, le: "+Inf", value: "1" },
    ]);
    const [sum] = valuesOf("mcp_tool_call_duration_seconds_sum");
    expect(Number(sum!["value"])).toBeGreaterThan(0);
  });

  it("have names by the conventions, each with its help and type, each once", async () => {
    const runtime = { read: () => READING };
    const server = await open({ deps: { audit: openAudit(), runtime } });
    const families = server.metrics.families();
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, help, type } of families) {
      expect(help).toMatch(/^.+\.$/);
      expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
      expect(name).toMatch(/^(mcp|process|nodejs)_[a-z_]+$/);
    }
  });

  it("write labels so that any text comes out of the parser as it went in", () => {
    const text = 'a "quoted" back\\slash\nand a line, {brace} = ✓';
    const found = readPrometheus(
      formatPrometheus([
        {
          name: "mcp_test",
          help: "A line\nand a back\\slash.",
          type: "gauge",
          samples: [{ labels: { text }, value: 1 }],
        },
      ]),
    );
    expect([...found]).toEqual([["mcp_test", [{ text, value: "1" }]]]);
  });

  it("count a start after the first as a restart, whether it is by a reload or after an end", async () => {
    const server = await open();
    expect(server.metrics.summary().restarts).toBe(0);
    await server.manager.reload("demo");
    expect(server.metrics.summary().restarts).toBe(1);
    server.end("demo");
    await vi.waitFor(() => expect(server.metrics.summary().restarts).toBe(2), 5_000);
    const samples = scrape(server).get("mcp_plugin_restarts_total");
    expect(samples).toEqual([{ plugin: "demo", value: "2" }]);
  });

  it("count connections while they are open", async () => {
    const server = await open();
    const channels = [openChannel(server), openChannel(server)];
    expect(server.metrics.summary().connections).toEqual({ sse: 0, websocket: 0, stdio: 2 });
    channels[0]!.closed();
    channels[0]!.closed();
    expect(server.metrics.summary().connections).toEqual({ sse: 0, websocket: 0, stdio: 1 });
  });
});

it("a process tells of itself", async () => {
  const stats = createProcessStats();
  onTestFinished(() => stats.close());
  await new Promise((resolve) => setTimeout(resolve, 100));
  const until = Date.now() + 200;
  while (Date.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { residentBytes, heapUsedBytes, cpuSeconds, eventLoopDelay } = stats.read();
  expect(residentBytes).toBeGreaterThan(heapUsedBytes);
  expect(heapUsedBytes).toBeGreaterThan(1_000_000);
  expect(cpuSeconds).toBeGreaterThan(0.1);
  expect(eventLoopDelay.max).toBeGreaterThan(0.1);
  expect(eventLoopDelay.p50).toBeLessThan(eventLoopDelay.max);
});
