import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../src/plugins/index.ts";
import { modernRequest, type ModernOptions } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import type { TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const LOG_LEVEL = "io.modelcontextprotocol/logLevel";
const LEVELS = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
] as const;

/** A plugin whose tool, resource and prompt all do this. */
function reporting(report: (call: CallContext) => unknown) {
  const run = async (call: CallContext | undefined) => {
    await report(call!);
    return "Done.";
  };
  return testPlugin({
    tools: { run: (_, call) => run(call) },
    getResources: () => [{ uri: "demo://run", name: "run" }],
    readResource: (_, call) => run(call),
    getPrompts: () => [{ name: "run" }],
    getPrompt: (_name, _args, call) => run(call),
  });
}

const REQUESTS: readonly [method: string, params: Record<string, unknown>][] = [
  ["tools/call", { name: "demo_run" }],
  ["resources/read", { uri: "demo://run" }],
  ["prompts/get", { name: "demo_run" }],
];

describe.each(WAYS)("row 28: progress, $way", ({ open }) => {
  it.each(REQUESTS)("of %s goes out under its token, before the answer", async (method, params) => {
    const app = await open({
      plugins: {
        demo: reporting((call) => {
          call.progress(1, 3, "one");
          call.progress(2, 3);
          call.progress(3);
        }),
      },
    });
    for (const progressToken of ["token", "", 0, 7]) {
      const { messages, headers } = await stream(app, method, params, { meta: { progressToken } });
      const [answer, ...others] = messages.toReversed();
      expect(others.toReversed()).toEqual([
        progress({ progressToken, progress: 1, total: 3, message: "one" }),
        progress({ progressToken, progress: 2, total: 3 }),
        progress({ progressToken, progress: 3 }),
      ]);
      expect(answer).toMatchObject({ id: 1, result: { resultType: "complete" } });
      expect(headers.get("cache-control")).toBe("no-cache, no-transform");
      expect(headers.get("x-accel-buffering")).toBe("no");
    }
  });

  it.each(REQUESTS)("of %s stays here when nobody asked for it", async (method, params) => {
    const app = await open({ plugins: { demo: reporting((call) => call.progress(1, 2)) } });
    const response = await app.request("/mcp", modernRequest(method, params));
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ result: { resultType: "complete" } });
  });

  it("only grows, and is a number", async () => {
    const reports = [1, 1, 0.5, -1, Number.NaN, Infinity, "5", 5n, undefined, null, {}, 1.5, 2];
    const app = await open({
      plugins: {
        demo: reporting((call) => reports.forEach((report) => call.progress(report as number))),
      },
    });
    const { messages } = await stream(app, ...REQUESTS[0]!, { meta: { progressToken: 1 } });
    expect(messages.slice(0, -1).map(({ params }) => params.progress)).toEqual([1, 1.5, 2]);
  });

  it("ends with its call", async () => {
    let kept: CallContext | null = null;
    const app = await open({ plugins: { demo: reporting((call) => void (kept = call)) } });
    const options = { meta: { progressToken: 1, [LOG_LEVEL]: "debug" } };
    const response = await app.request("/mcp", modernRequest(...REQUESTS[0]!, options));
    expect(await response.json()).toMatchObject({ result: { resultType: "complete" } });
    kept!.progress(5);
    kept!.log("error", "late");
    kept!.closeStream();
    expect(app.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("cannot flood: 1,000 reports of a call go out, and the one that completes it", async () => {
    const app = await open({
      plugins: {
        demo: reporting((call) => {
          for (let step = 1; step <= 5_000; step++) call.progress(step, 5_000);
        }),
      },
    });
    const { messages } = await stream(app, ...REQUESTS[0]!, { meta: { progressToken: 1 } });
    const steps = messages.slice(0, -1).map(({ params }) => params.progress);
    expect(steps).toHaveLength(1_001);
    expect(steps.at(-2)).toBe(1_000);
    expect(steps.at(-1)).toBe(5_000);
  });

  it("of calls at once reaches each its own", async () => {
    const app = await open({
      plugins: {
        demo: testPlugin({
          tools: {
            run: async ({ steps }, call) => {
              for (let step = 1; step <= steps; step++) {
                call.progress(step);
                await new Promise((resolve) => setImmediate(resolve));
              }
            },
          },
        }),
      },
    });
    const tokens = [3, 5, 8, 13];
    const counts = await Promise.all(
      tokens.map(async (token) => {
        const steps = { name: "demo_run", arguments: { steps: token } };
        const { messages } = await stream(app, "tools/call", steps, {
          meta: { progressToken: token },
        });
        return messages.slice(0, -1).filter(({ params }) => params.progressToken === token).length;
      }),
    );
    expect(counts).toEqual(tokens);
  });
});

describe.each(WAYS)("row 27: log messages, $way", ({ open }) => {
  it.each(LEVELS)("from %s on go to a client that asked for that", async (asked) => {
    const app = await open({
      plugins: { demo: reporting((call) => LEVELS.forEach((level) => call.log(level, { level }))) },
    });
    const { messages } = await stream(app, ...REQUESTS[0]!, { meta: { [LOG_LEVEL]: asked } });
    expect(messages.slice(0, -1)).toEqual(
      LEVELS.slice(LEVELS.indexOf(asked)).map((level) => ({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level, data: { level } },
      })),
    );
  });

  it.each(REQUESTS)("of %s go to no client that did not ask", async (method, params) => {
    const app = await open({
      plugins: { demo: reporting((call) => call.log("emergency", "Fire!")) },
    });
    for (const meta of [{}, { progressToken: 1 }]) {
      const response = await app.request("/mcp", modernRequest(method, params, { meta }));
      expect(await response.text()).not.toContain("Fire!");
    }
  });

  it("that cannot be sent are left out, and harm nothing", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const app = await open({
      plugins: {
        demo: reporting((call) => {
          call.log("error", 5n);
          call.log("error", cycle);
          call.log("error", "x".repeat(20_000_000));
          call.log("loud" as "error", "x");
          call.log("error", "fine");
        }),
      },
    });
    const { messages } = await stream(app, ...REQUESTS[0]!, { meta: { [LOG_LEVEL]: "debug" } });
    expect(messages.map(({ params }) => params?.data)).toEqual(["fine", undefined]);
    expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: "Done." }] } });
  });
});

describe.each(WAYS)("reports in a 2025 session, $way", ({ open }) => {
  const plugins = {
    demo: reporting((call) => {
      call.progress(1, 2);
      call.log("info", "a");
      call.log("error", "b");
    }),
  };

  it("go out on the call's own stream, progress only when asked for", async () => {
    const app = await open({ plugins });
    const session = await openSession(app);
    await session.call("logging/setLevel", { level: "emergency" });
    await session.call("tools/call", { name: "demo_run" });
    expect(session.received).toEqual([]);
    await session.call("tools/call", { name: "demo_run", _meta: { progressToken: "t" } });
    expect(session.received).toEqual([progress({ progressToken: "t", progress: 1, total: 2 })]);
  });

  it("are logs of the level that this session has set", async () => {
    const app = await open({ plugins });
    const loud = await openSession(app);
    const quiet = await openSession(app);
    await loud.call("logging/setLevel", { level: "debug" });
    await quiet.call("logging/setLevel", { level: "error" });
    await loud.call("tools/call", { name: "demo_run" });
    await quiet.call("tools/call", { name: "demo_run" });
    expect(loud.received.map(({ params }) => params.data)).toEqual(["a", "b"]);
    expect(quiet.received.map(({ params }) => params.data)).toEqual(["b"]);
  });
});

function progress(params: Record<string, unknown>) {
  return { jsonrpc: "2.0", method: "notifications/progress", params };
}

async function stream(
  app: Pick<TestApp, "request">,
  method: string,
  params: Record<string, unknown>,
  options: ModernOptions,
) {
  const response = await app.request("/mcp", modernRequest(method, params, options));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  return { headers: response.headers, messages: await readSse(response).rest() };
}
