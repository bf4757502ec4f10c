import { describe, expect, it, onTestFinished } from "vitest";
import { UNKNOWN_ASKER } from "../../src/core/auth/question-slots.ts";
import { metricsRoutes } from "../../src/api/routes/metrics.ts";
import { createPlugin } from "../helpers/manager.ts";
import { modern } from "../helpers/mcp.ts";
import { readPrometheus } from "../helpers/prometheus.ts";
import { createWatchedServer } from "../helpers/watched-server.ts";

async function open(isScraped = true) {
  const server = await createWatchedServer({
    plugins: { demo: createPlugin("demo") },
    deps: {
      runtime: {
        read: () => ({
          residentBytes: 2_000,
          heapUsedBytes: 1_000,
          cpuSeconds: 0.5,
          eventLoopDelay: { p50: 0, p99: 0.001, max: 0.002 },
        }),
      },
    },
  });
  onTestFinished(() => server.close());
  const routes = metricsRoutes({ metrics: server.metrics, isScraped });
  const get = async (path: string) => {
    const route = routes.find((each) => each.path === path)!;
    const request = new Request(`http://localhost${path}`);
    return route.handle(request, {
      principal: { kind: "user", id: "viewer", scopes: ["metrics:read"] },
      life: null,
      requestId: "r-1",
      params: {},
      asker: UNKNOWN_ASKER,
      about: () => {},
      refused: () => null,
      endsWith: () => {},
    });
  };
  return { server, routes, get };
}

describe("the metrics' routes", () => {
  it("are for who may read metrics", async () => {
    const { routes } = await open();
    expect(routes.map(({ method, path, policy }) => [method, path, policy])).toEqual([
      ["GET", "/api/metrics", "metrics:read"],
      ["GET", "/metrics", "metrics:read"],
    ]);
  });

  it("are without /metrics where nobody could scrape what counts", async () => {
    const { routes } = await open(false);
    expect(routes.map(({ path }) => path)).toEqual(["/api/metrics"]);
  });

  it("sum up what there was since the start, as the contract says", async () => {
    const { server, routes, get } = await open();
    await modern(server, "tools/call", { name: "demo_echo" });
    const response = await get("/api/metrics");
    const body = (await response.json()) as object;
    const contract = routes[0]!.contract!.answers[200] as {
      parse: (value: unknown) => unknown;
    };
    // The schema drops what it does not know.
    expect(contract.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      calls: {
        requests: 1,
        underWay: 0,
        calls: 1,
        errors: 0,
        plugins: [{ plugin: "demo", calls: 1, tools: [{ tool: "demo_echo", calls: 1 }] }],
      },
      connections: { sse: 0, websocket: 0, stdio: 0 },
      plugins: { running: 1, failed: 0 },
      restarts: 0,
      tokenRefreshes: { ok: 0, failed: 0 },
      audit: null,
      process: { residentBytes: 2_000 },
    });
  });

  it("give Prometheus its text format", async () => {
    const { server, get } = await open();
    await modern(server, "tools/call", { name: "demo_echo" });
    const response = await get("/metrics");
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const found = readPrometheus(await response.text());
    expect(found.get("mcp_tool_calls_total")).toContainEqual({
      plugin: "demo",
      tool: "demo_echo",
      outcome: "ok",
      value: "1",
    });
  });
});
