import { SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { inputRequired, ToolError } from "../../../src/plugins/index.ts";
import { modern } from "../../helpers/mcp.ts";
import { registerOpenTelemetry } from "../../helpers/open-telemetry.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { createWatchedServer } from "../../helpers/watched-server.ts";
import { TRANSPORTS } from "../../helpers/watched-transports.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const SECRET = "argument-canary-5f1c";

function demo() {
  return testPlugin({
    tools: {
      echo: (args: { text?: string }) => args.text ?? "Hello.",
      active: () => trace.getActiveSpan()?.spanContext().traceId ?? "none",
      fail: () => {
        throw new ToolError(SECRET);
      },
      ask: () => inputRequired({ state: "more" }),
    },
    getPrompts: () => [{ name: "greet", arguments: [{ name: "who" }] }],
    getPrompt: async () => SECRET,
    getResources: () => [{ uri: "demo://listed", name: "listed" }],
    getResourceTemplates: () => [{ uriTemplate: "demo://by-name/{name}", name: "by name" }],
    readResource: async () => SECRET,
  });
}

async function open() {
  const server = await createWatchedServer({ plugins: { demo: demo() } });
  onTestFinished(() => server.close());
  return server;
}

describe.each(TRANSPORTS)("a tool call by $way", ({ open: connect, network, revision }) => {
  it("is one span of the server's, with the attributes that the conventions name", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    const answer = await call("tools/call", { name: "demo_echo", arguments: { text: SECRET } });
    expect(answer.result.content).toEqual([{ type: "text", text: SECRET }]);
    const [span, ...others] = telemetry.spans();
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: "tools/call demo_echo",
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      instrumentationScope: { name: "mcp-plugin-server", version: "1.0.0" },
    });
    expect(span!.attributes).toEqual({
      "mcp.method.name": "tools/call",
      "mcp.protocol.version": revision,
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "demo_echo",
      "jsonrpc.request.id": String(answer.id),
      ...network,
    });
  });

  it("is counted once in the histogram, by the same attributes without the request's id", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    await call("tools/call", { name: "demo_echo" });
    await call("tools/call", { name: "demo_echo" });
    const [point, ...others] = await telemetry.durations();
    expect(others).toEqual([]);
    expect(point!.attributes).toEqual({
      "mcp.method.name": "tools/call",
      "mcp.protocol.version": revision,
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "demo_echo",
      ...network,
    });
    expect(point!.value.count).toBe(2);
    expect(point!.value.sum).toBeLessThan(2);
    expect(point!.value.buckets.boundaries).toEqual([
      0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
    ]);
  });

  it("continues the client's trace, in which the plugin then works", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    const meta = { traceparent: TRACEPARENT, tracestate: "rojo=1" };
    const answer = await call("tools/call", { name: "demo_active" }, meta);
    expect(answer.result.content).toEqual([{ type: "text", text: TRACE_ID }]);
    const span = telemetry.spanOf("tools/call demo_active");
    expect(span.spanContext().traceId).toBe(TRACE_ID);
    expect(span.spanContext().traceState?.serialize()).toBe("rojo=1");
    expect(span.parentSpanContext).toMatchObject({ spanId: PARENT_ID, isRemote: true });
  });

  it("that the tool fails is a tool_error, without the tool's words", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    const answer = await call("tools/call", { name: "demo_fail" });
    expect(answer.result.isError).toBe(true);
    const span = telemetry.spanOf("tools/call demo_fail");
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({ "error.type": "tool_error" });
    expect(span.attributes).not.toHaveProperty("rpc.response.status_code");
    const [point] = await telemetry.durations();
    expect(point!.attributes).toMatchObject({ "error.type": "tool_error" });
  });

  it("of a tool that there is not is an error by its code, and its name is told nobody", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    const answer = await call("tools/call", { name: SECRET });
    expect(answer.error?.code).toBe(-32602);
    const span = telemetry.spanOf("tools/call");
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({
      "error.type": "-32602",
      "rpc.response.status_code": "-32602",
    });
    expect(JSON.stringify(span.attributes)).not.toContain(SECRET);
  });

  it("and other requests tell nothing of arguments and results", async () => {
    const call = await connect(await open());
    const telemetry = registerOpenTelemetry();
    await call("tools/call", { name: "demo_echo", arguments: { text: SECRET } });
    await call("tools/call", { name: "demo_fail" });
    await call("prompts/get", { name: "demo_greet", arguments: { who: SECRET } });
    await call("resources/read", { uri: "demo://listed" });
    await call("resources/read", { uri: `demo://by-name/${SECRET}` });
    await call("resources/read", { uri: `other://${SECRET}` });
    await call("completion/complete", {
      ref: { type: "ref/prompt", name: "demo_greet" },
      argument: { name: "who", value: SECRET },
    });
    await call("tools/list", { cursor: SECRET });
    const told = telemetry.spans().map((span) => ({
      name: span.name,
      resource: span.attributes["mcp.resource.uri"],
      prompt: span.attributes["gen_ai.prompt.name"],
    }));
    const [resource, prompt] = [undefined, undefined];
    expect(told).toEqual([
      { name: "tools/call demo_echo", resource, prompt },
      { name: "tools/call demo_fail", resource, prompt },
      { name: "prompts/get demo_greet", resource, prompt: "demo_greet" },
      { name: "resources/read", resource: "demo://listed", prompt },
      { name: "resources/read", resource: "demo://by-name/{name}", prompt },
      { name: "resources/read", resource, prompt },
      { name: "completion/complete demo_greet", resource, prompt: "demo_greet" },
      { name: "tools/list", resource, prompt },
    ]);
    const everything = telemetry.spans().map(({ name, attributes, status, events, links }) => ({
      name,
      attributes,
      status,
      events,
      links,
    }));
    const points = (await telemetry.durations()).map(({ attributes }) => attributes);
    expect(points.length).toBeGreaterThan(5);
    expect(JSON.stringify([everything, points])).not.toContain(SECRET);
  });
});

describe("the trace of a request", () => {
  it.each([
    ["is malformed", { traceparent: `00-${TRACE_ID}-${PARENT_ID}` }],
    ["is of zeros", { traceparent: `00-${"0".repeat(32)}-${PARENT_ID}-01` }],
    ["is no text", { traceparent: [TRACEPARENT] }],
    // Of a version to come, so that only its length is wrong.
    ["is too long", { traceparent: `cc${TRACEPARENT.slice(2)}-${"0".repeat(3_000)}` }],
  ])("is a new one where what it should continue %s", async (_, meta) => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    const { body } = await modern(server, "tools/call", { name: "demo_echo" }, { meta });
    expect(body.result.isError).toBeUndefined();
    const span = telemetry.spanOf("tools/call demo_echo");
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(TRACE_ID);
  });

  it("links to the span around it, where it continues another", async () => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    const meta = { traceparent: TRACEPARENT };
    const tracer = trace.getTracer("http");
    const outer = await tracer.startActiveSpan("POST /mcp", async (span) => {
      await modern(server, "tools/call", { name: "demo_echo" }, { meta });
      span.end();
      return span.spanContext();
    });
    const span = telemetry.spanOf("tools/call demo_echo");
    expect(span.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(span.links).toEqual([{ context: outer }]);
  });

  it("is that of the span around it, where it continues none", async () => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    const tracer = trace.getTracer("http");
    const outer = await tracer.startActiveSpan("POST /mcp", async (span) => {
      await modern(server, "tools/call", { name: "demo_echo" });
      span.end();
      return span.spanContext();
    });
    const span = telemetry.spanOf("tools/call demo_echo");
    expect(span.parentSpanContext).toEqual(outer);
    expect(span.links).toEqual([]);
  });

  it("is not sampled where its client's is not", async () => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    const meta = { traceparent: TRACEPARENT.replace(/01$/, "00") };
    const { body } = await modern(server, "tools/call", { name: "demo_active" }, { meta });
    expect(body.result.content).toEqual([{ type: "text", text: TRACE_ID }]);
    expect(TraceFlags.NONE).toBe(0);
    expect(telemetry.spans()).toEqual([]);
  });
});

describe("requests besides", () => {
  it("have spans by their method, of which only those are named that there are", async () => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    await modern(server, "server/discover");
    await modern(server, "tools/list");
    await modern(server, SECRET);
    expect(telemetry.spans().map(({ name }) => name)).toEqual([
      "server/discover",
      "tools/list",
      "_OTHER",
    ]);
  });

  it.each(TRANSPORTS.filter(({ revision }) => revision === "2026-07-28"))(
    "that ask the client something back have one span, which is no error, by $way",
    async ({ open: connect }) => {
      const call = await connect(await open());
      const telemetry = registerOpenTelemetry();
      const answer = await call("tools/call", { name: "demo_ask" });
      expect(answer.result.resultType).toBe("input_required");
      expect(telemetry.spanOf("tools/call demo_ask").status.code).toBe(SpanStatusCode.UNSET);
      expect(telemetry.spans()).toHaveLength(1);
    },
  );

  it("have an id of 64 characters at the most", async () => {
    const server = await open();
    const telemetry = registerOpenTelemetry();
    await modern(server, "tools/call", { name: "demo_echo" }, { id: "i".repeat(1_000) });
    const { attributes } = telemetry.spanOf("tools/call demo_echo");
    expect(attributes["jsonrpc.request.id"]).toBe("i".repeat(64));
  });

  it("are told to nobody before an SDK is registered, and after it is gone", async () => {
    const server = await open();
    await modern(server, "tools/call", { name: "demo_echo" });
    const telemetry = registerOpenTelemetry();
    await modern(server, "tools/list");
    trace.disable();
    await modern(server, "tools/call", { name: "demo_echo" });
    expect(telemetry.spans().map(({ name }) => name)).toEqual(["tools/list"]);
  });
});
