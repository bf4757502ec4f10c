import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../src/plugins/index.ts";
import { modernRequest, type ModernOptions } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { OTHER_CLIENT_KEY, type TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

/** A plugin whose every call waits until it is aborted, and then fails late, when nobody listens any more. */
function waitingPlugin() {
  const started = Promise.withResolvers<CallContext>();
  const aborted = Promise.withResolvers<{ readonly code: string }>();
  const wait = (call: CallContext) =>
    new Promise<never>((_, reject) => {
      call.signal.addEventListener("abort", () => {
        aborted.resolve(call.signal.reason);
        setTimeout(() => reject(new Error("late")), 5);
      });
      started.resolve(call);
    });
  const plugin = testPlugin({
    tools: { wait: (_, call) => wait(call), hello: () => "Hello." },
    getResources: () => [{ uri: "demo://wait", name: "wait" }],
    readResource: (_, call) => wait(call!),
    getPrompts: () => [{ name: "wait" }],
    getPrompt: (_name, _args, call) => wait(call!),
  });
  return { plugin, started: started.promise, aborted: aborted.promise };
}

const REQUESTS: readonly [
  what: string,
  method: string,
  params: Record<string, unknown>,
  options: ModernOptions,
][] = [
  ["a tool call", "tools/call", { name: "demo_wait" }, {}],
  [
    "a tool call with progress",
    "tools/call",
    { name: "demo_wait" },
    { meta: { progressToken: 1 } },
  ],
  ["reading a resource", "resources/read", { uri: "demo://wait" }, {}],
  ["getting a prompt", "prompts/get", { name: "demo_wait" }, {}],
];

describe.each(WAYS)("row 26: a client that disconnects, $way", ({ open }) => {
  it.each(REQUESTS)("cancels %s", async (_, method, params, options) => {
    const { plugin, started, aborted } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const client = new AbortController();
    const init = modernRequest(method, params, { ...options, signal: client.signal });
    const answer = app.request("/mcp", init).catch(() => null);
    expect((await started).signal.aborted).toBe(false);
    client.abort();
    expect(await aborted).toMatchObject({ code: "CALL_ABORTED" });
    await answer;
    await expectCalm(app);
  });

  it("cancels a call whose stream has begun", async () => {
    const { plugin, started, aborted } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const options = { meta: { progressToken: 1 } };
    const answering = app.request(
      "/mcp",
      modernRequest("tools/call", { name: "demo_wait" }, options),
    );
    (await started).progress(1);
    const stream = readSse(await answering);
    expect((await stream.next()).params.progress).toBe(1);
    await stream.cancel();
    expect(await aborted).toMatchObject({ code: "CALL_ABORTED" });
    (await started).progress(2);
    await expectCalm(app);
  });

  it("cancels its own call and no other", async () => {
    const { plugin, started, aborted } = waitingPlugin();
    const other = waitingPlugin();
    const app = await open({ plugins: { demo: plugin, other: other.plugin } });
    const client = new AbortController();
    const init = modernRequest("tools/call", { name: "demo_wait" }, { signal: client.signal });
    const answer = app.request("/mcp", init).catch(() => null);
    const otherClient = new AbortController();
    const otherInit = modernRequest(
      "tools/call",
      { name: "other_wait" },
      { signal: otherClient.signal },
    );
    const otherAnswer = app.request("/mcp", otherInit).catch(() => null);
    await Promise.all([started, other.started]);
    client.abort();
    await aborted;
    await answer;
    expect((await other.started).signal.aborted).toBe(false);
    otherClient.abort();
    await other.aborted;
    await otherAnswer;
  });
});

describe("a call that was cancelled", () => {
  it("is answered with 499 where somebody could read it", async () => {
    const { plugin, started } = waitingPlugin();
    const app = await WAYS[0]!.open({ plugins: { demo: plugin } });
    const client = new AbortController();
    const init = modernRequest("tools/call", { name: "demo_wait" }, { signal: client.signal });
    const answer = app.request("/mcp", init);
    await started;
    client.abort();
    expect((await answer).status).toBe(499);
    expect(await (await answer).text()).toBe("");
  });

  it.each(REQUESTS)(
    "before it began does not run the plugin's part (%s)",
    async (_, method, params, options) => {
      let runs = 0;
      const run = async () => ++runs;
      const plugin = testPlugin({
        tools: { wait: run },
        getResources: () => [{ uri: "demo://wait", name: "wait" }],
        readResource: run,
        getPrompts: () => [{ name: "wait" }],
        getPrompt: run,
      });
      const app = await WAYS[0]!.open({ plugins: { demo: plugin } });
      const signal = AbortSignal.abort();
      const response = await app.request(
        "/mcp",
        modernRequest(method, params, { ...options, signal }),
      );
      expect(response.status).toBe(499);
      expect(runs).toBe(0);
    },
  );
});

describe.each(WAYS)("a call in a 2025 session, $way", ({ open }) => {
  it("is cancelled by a notification, and not answered then", async () => {
    const { plugin, started, aborted } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const response = await session.post({
      id: "c1",
      method: "tools/call",
      params: { name: "demo_wait" },
    });
    await started;
    const accepted = await session.notify("notifications/cancelled", { requestId: "c1" });
    expect(accepted.status).toBe(202);
    expect(await aborted).toMatchObject({ code: "CALL_ABORTED" });
    expect((await session.call("tools/call", { name: "demo_hello" })).result).toBeDefined();
    await response.body!.cancel();
    await expectCalm(app);
  });

  it("is not cancelled by another session, of the same client or of another", async () => {
    const { plugin, started } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const response = await session.post({
      id: "c1",
      method: "tools/call",
      params: { name: "demo_wait" },
    });
    const { signal } = await started;
    const sameClient = await openSession(app);
    const otherClient = await openSession(app, { key: OTHER_CLIENT_KEY });
    for (const other of [sameClient, otherClient]) {
      await other.notify("notifications/cancelled", { requestId: "c1" });
      await other.call("ping");
    }
    await otherClient.send({
      method: "POST",
      headers: { "mcp-session-id": session.id! },
      body: JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: "c1" },
      }),
    });
    await session.call("ping");
    expect(signal.aborted).toBe(false);
    await response.body!.cancel();
    await session.send({ method: "DELETE" });
  });

  it("goes on when its stream breaks off, for the client may come back", async () => {
    const { plugin, started } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const response = await session.post({
      id: "c1",
      method: "tools/call",
      params: { name: "demo_wait" },
    });
    const { signal } = await started;
    await response.body!.cancel();
    await session.call("ping");
    expect(signal.aborted).toBe(false);
    await session.send({ method: "DELETE" });
  });

  it("ends with its session", async () => {
    const { plugin, started, aborted } = waitingPlugin();
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const response = await session.post({
      id: "c1",
      method: "tools/call",
      params: { name: "demo_wait" },
    });
    await started;
    expect((await session.send({ method: "DELETE" })).status).toBe(200);
    expect(await aborted).toMatchObject({ code: "CALL_ABORTED" });
    expect(await readSse(response).rest()).toEqual([]);
    await expectCalm(app);
  });
});

it("a stateless 2025 call is cancelled by its client's disconnect", async () => {
  const { plugin, started, aborted } = waitingPlugin();
  const app = await WAYS[0]!.open({ plugins: { demo: plugin }, deps: { sessions: null } });
  const client = new AbortController();
  const response = await app.request("/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "demo_wait" },
    }),
    signal: client.signal,
  });
  await started;
  client.abort();
  expect(await aborted).toMatchObject({ code: "CALL_ABORTED" });
  await response.body!.cancel();
  await expectCalm(app);
});

/** The plugin has failed late by then. An unhandled rejection would fail this run. */
async function expectCalm(app: Pick<TestApp, "logs">): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(app.logs.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
}
