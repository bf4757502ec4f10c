import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CallMetrics } from "../../../src/core/telemetry/call-metrics.ts";
import {
  DURATION_BOUNDS,
  DurationHistogram,
} from "../../../src/core/telemetry/duration-histogram.ts";
import { inputRequired, ToolError } from "../../../src/plugins/index.ts";
import type { BegunCall } from "../../../src/types/call-observer.ts";
import { openModernChannel } from "../../helpers/channel.ts";
import { modern, modernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { createWatchedServer } from "../../helpers/watched-server.ts";
import { TRANSPORTS } from "../../helpers/watched-transports.ts";

const tools = {
  echo: () => "Hello.",
  fail: () => {
    throw new ToolError("No.");
  },
  ask: () => inputRequired({ state: "more" }),
};

async function open(plugins: Record<string, unknown> = { demo: testPlugin({ tools }) }) {
  const server = await createWatchedServer({ plugins });
  onTestFinished(() => server.close());
  return server;
}

/** Samples of one name, as `label,label → value`; those that are zero are left out. */
function samplesOf(metrics: Pick<CallMetrics, "families">, name: string): Record<string, number> {
  const family = metrics.families().find((each) => each.name === name)!;
  const samples = family.type === "histogram" ? [] : family.samples;
  return Object.fromEntries(
    samples.flatMap(({ labels = {}, value }) =>
      value === 0 ? [] : [[Object.values(labels).join(" "), value]],
    ),
  );
}

const begun = (tool: string): BegunCall => ({
  method: "tools/call",
  rpcId: 1,
  requestId: "r",
  principal: { kind: "client", id: "c", scopes: [] },
  transport: "http",
  revision: null,
  target: { kind: "tool", name: tool, instanceId: "demo" },
  meta: undefined,
});

describe.each(TRANSPORTS)("counting by $way", ({ open: connect, kind }) => {
  it("knows each tool with its outcomes, and no name that a client makes up", async () => {
    const server = await open();
    const call = await connect(server);
    await call("tools/call", { name: "demo_echo" });
    await call("tools/call", { name: "demo_echo" });
    await call("tools/call", { name: "demo_fail" });
    await call("tools/call", { name: "made-up-1" });
    await call("tools/call", { name: "made-up-2" });
    await call("made/up");
    const { calls } = server.metrics;
    expect(samplesOf(calls, "mcp_tool_calls_total")).toEqual({
      "demo demo_echo ok": 2,
      "demo demo_fail tool-error": 1,
      "unknown unknown error": 2,
    });
    const requests = samplesOf(calls, "mcp_requests_total");
    expect(requests).toMatchObject({
      [`tools/call ${kind} ok`]: 2,
      [`tools/call ${kind} tool-error`]: 1,
      [`tools/call ${kind} error`]: 2,
      [`_OTHER ${kind} error`]: 1,
    });
    expect(samplesOf(calls, "mcp_requests_in_flight")).toEqual({});
  });
});

describe("counting", () => {
  it("counts what a client cancels or leaves, and nothing stays under way", async () => {
    const calls = { begun: 0 };
    const wait = (_: unknown, { signal }: { signal: AbortSignal }) => {
      calls.begun++;
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve("late")));
    };
    const server = await open({ demo: testPlugin({ tools: { wait, echo: () => "Hello." } }) });
    const gone = new AbortController();
    const left = server.request("/mcp", {
      ...modernRequest("tools/call", { name: "demo_wait" }, { signal: gone.signal }),
    });
    const channel = await openModernChannel(server);
    const progress = { meta: { progressToken: 1 } };
    channel.receive(modernRequest("tools/call", { name: "demo_wait" }, { id: 100 }).body);
    channel.receive(
      modernRequest("tools/call", { name: "demo_wait" }, { id: 101, ...progress }).body,
    );
    channel.receive(modernRequest("tools/call", { name: "demo_wait" }, { id: 102 }).body);
    await vi.waitFor(() => expect(calls.begun).toBe(4));
    expect(samplesOf(server.metrics.calls, "mcp_requests_in_flight")).toEqual({ "": 4 });
    gone.abort();
    for (const requestId of [100, 101]) {
      const params = { requestId };
      channel.receive(
        JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }),
      );
    }
    await left;
    channel.closed();
    await vi.waitFor(() =>
      expect(samplesOf(server.metrics.calls, "mcp_tool_calls_total")).toEqual({
        "demo demo_wait cancelled": 4,
      }),
    );
    expect(samplesOf(server.metrics.calls, "mcp_requests_in_flight")).toEqual({});
  });

  it("counts a question as neither success nor error", async () => {
    const server = await open();
    await modern(server, "tools/call", { name: "demo_ask" });
    expect(samplesOf(server.metrics.calls, "mcp_tool_calls_total")).toEqual({
      "demo demo_ask asked": 1,
    });
    expect(server.metrics.calls.summary()).toMatchObject({ calls: 1, errors: 0 });
  });

  it("sums up by plugin and tool, the most called first", async () => {
    const server = await open({ a: testPlugin({ tools }), b: testPlugin({ tools }) });
    await modern(server, "tools/call", { name: "a_echo" });
    await modern(server, "tools/call", { name: "b_echo" });
    await modern(server, "tools/call", { name: "b_fail" });
    await modern(server, "tools/call", { name: "b_fail" });
    await modern(server, "tools/list");
    const summary = server.metrics.calls.summary();
    expect(summary).toMatchObject({ requests: 5, underWay: 0, calls: 4, errors: 2 });
    expect(
      summary.plugins.map(({ plugin, calls, errors, tools: each }) => ({
        plugin,
        calls,
        errors,
        tools: each.map(({ tool, calls: count, errors: wrong }) => [tool, count, wrong]),
      })),
    ).toEqual([
      {
        plugin: "b",
        calls: 3,
        errors: 2,
        tools: [
          ["b_fail", 2, 2],
          ["b_echo", 1, 0],
        ],
      },
      { plugin: "a", calls: 1, errors: 0, tools: [["a_echo", 1, 0]] },
    ]);
    expect(summary.p95).toBeGreaterThan(0);
    expect(summary.p95).toBeLessThan(1_000);
  });

  it("counts 5,000 tools each for itself, and all further ones as one", () => {
    const metrics = new CallMetrics();
    for (let at = 0; at < 6_000; at++) {
      metrics.began();
      metrics.ended(begun(`tool-${at}`), { outcome: "ok" }, 0.001);
    }
    metrics.began();
    metrics.ended(begun("tool-0"), { outcome: "ok" }, 0.001);
    const samples = samplesOf(metrics, "mcp_tool_calls_total");
    expect(Object.keys(samples)).toHaveLength(5_001);
    expect(samples).toMatchObject({ "demo tool-0 ok": 2, "_OTHER _OTHER ok": 1_000 });
  });
});

describe("a histogram of durations", () => {
  const filled = (...seconds: number[]) => {
    const histogram = new DurationHistogram();
    for (const each of seconds) histogram.add(each);
    return histogram;
  };

  it("counts a duration that is a bound below it", () => {
    const { counts } = filled(0.01);
    expect(counts.indexOf(1)).toBe(DURATION_BOUNDS.indexOf(0.01));
  });

  it.each([
    [0.5, [0.0001], 0.00025],
    [1, [0.0001], 0.0005],
    [0.5, [0.0015, 0.0015, 0.0015, 0.0015], 0.0015],
    [0.95, [...Array<number>(95).fill(0.0001), ...Array<number>(5).fill(7)], 0.0005],
    [0.99, [...Array<number>(95).fill(0.0001), ...Array<number>(5).fill(7)], 9],
    [0.5, [1_000], 300],
  ])("knows the %s quantile of %j as %s", (part, seconds, expected) => {
    const found = filled(...seconds).quantile(part);
    expect(found).toBeCloseTo(expected, 9);
  });

  it("knows no quantile of nothing", () => {
    expect(filled().quantile(0.5)).toBeNull();
  });

  it("takes over what another has counted", () => {
    const both = filled(0.1, 2);
    both.merge(filled(2, 400));
    expect(both).toEqual(filled(0.1, 2, 2, 400));
  });
});
