import { describe, expect, it } from "vitest";
import { NO_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import {
  askForSocket,
  authorized,
  openApp,
  refusedWith,
  type SocketParts,
} from "../helpers/socket-request.ts";
import { openSse } from "../helpers/sse-client.ts";
import { ADMIN_TOKEN, OTHER_CLIENT_KEY } from "../helpers/test-app.ts";
import { openWebSocketApp } from "../helpers/websocket-server.ts";
import { initialize } from "../helpers/websocket.ts";

const PLUGINS = {
  one: () =>
    testPlugin({
      tools: { echo: async () => "done" },
      getResources: () => [{ uri: "one://a", name: "a", text: "text" }],
    }),
};

/** A server whose principals may send so many requests in a minute. */
const limitedTo = (requests: number) => {
  const time = createFakeTime();
  const options = {
    plugins: PLUGINS,
    deps: { time, rateLimits: { ...NO_RATE_LIMITS, requests } },
  };
  return { time, options };
};

/** What a request gets that is one too many, where one comes back every `seconds`. */
const tooMany = (limit: number, seconds: number) => ({
  code: -32000,
  message: `Too many requests: ${limit} in a minute are allowed. Try again in ${seconds} s.`,
  data: { code: "RATE_LIMITED", retryAfterSeconds: seconds },
});

describe("requests over a WebSocket", () => {
  it("are as many in a minute as over HTTP, its handshake among them", async () => {
    const { time, options } = limitedTo(5);
    const client = await (await openWebSocketApp(options)).open();
    for (const uri of ["one://a", "one://a"]) {
      expect((await client.request("resources/read", { uri })).result.contents).toHaveLength(1);
      expect((await client.request("tools/list")).result.tools).toHaveLength(1);
    }
    for (const method of ["tools/list", "resources/list", "no/such"]) {
      expect((await client.request(method)).error).toEqual(tooMany(5, 12));
    }
    expect((await client.request("tools/call", { name: "one_echo" })).error).toEqual(
      tooMany(5, 12),
    );
    // The WebSocket stays, and serves again as soon as it said.
    await time.advance(12_000);
    expect((await client.request("tools/list")).result.tools).toHaveLength(1);
    await client.close();
  });

  it("are counted with those over HTTP and over other WebSockets of the same key, and of no other", async () => {
    const { options } = limitedTo(4);
    const server = await openWebSocketApp(options);
    const { app } = server;
    const [first, second] = [await server.open(), await server.open()];
    expect((await app.request("/mcp", modernRequest("tools/list"))).status).toBe(200);
    expect((await first.request("tools/list")).result).toBeDefined();
    expect((await second.request("tools/list")).error).toEqual(tooMany(4, 15));
    expect((await app.request("/mcp", modernRequest("tools/list"))).status).toBe(429);
    const other = await server.open({ authorizedBy: OTHER_CLIENT_KEY });
    expect((await other.request("tools/list")).result).toBeDefined();
    for (const client of [first, second, other]) await client.close();
  });

  it("of the 2025 era are counted, too, and its notifications are not", async () => {
    const { options } = limitedTo(3);
    const client = await (await openWebSocketApp(options)).open();
    await initialize(client);
    for (let count = 0; count < 10; count++) client.notify("notifications/roots/list_changed");
    expect((await client.request("ping", {}, { bare: true })).result).toEqual({});
    expect((await client.request("ping", {}, { bare: true })).error).toEqual(tooMany(3, 20));
    await client.close();
  });

  it("may be told to be too many before anything else was said", async () => {
    const { time, options } = limitedTo(1);
    const client = await (await openWebSocketApp(options)).open();
    expect((await client.request("tools/list")).error).toEqual(tooMany(1, 60));
    await time.advance(60_000);
    expect((await client.request("tools/list")).result.tools).toHaveLength(1);
    await client.close();
  });

  it("under the id of one under way leave that one without an answer of theirs", async () => {
    const release = Promise.withResolvers<string>();
    const { options } = limitedTo(2);
    const one = () => testPlugin({ tools: { wait: () => release.promise } });
    const client = await (await openWebSocketApp({ ...options, plugins: { one } })).open();
    const waits = client.request("tools/call", { name: "one_wait" }, { id: "same" });
    client.send({ id: "same", method: "ping" });
    const refused = await client.until(({ error }) => error !== undefined);
    expect([refused.id, refused.error?.code]).toEqual([null, -32600]);
    release.resolve("done");
    expect((await waits).result.content).toEqual([{ type: "text", text: "done" }]);
    await client.close();
  });
});

describe("messages over a WebSocket that are none of JSON-RPC", () => {
  it.each([
    ["no JSON", "{", -32700],
    ["no message", "[]", -32600],
  ])("are counted with the requests: %s", async (_what, text, code) => {
    const { time, options } = limitedTo(3);
    const client = await (await openWebSocketApp(options)).open();
    const codes: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      client.send(text);
      const { error } = await client.until(() => true);
      codes.push((error?.data as { code?: string })?.code ?? error?.code);
    }
    expect(codes).toEqual([code, code, "RATE_LIMITED"]);
    expect((await client.request("tools/list")).error).toEqual(tooMany(3, 20));
    await time.advance(20_000);
    expect((await client.request("tools/list")).result.tools).toHaveLength(1);
    await client.close();
  });
});

describe("messages over HTTP+SSE", () => {
  it("are counted as the HTTP requests that they are", async () => {
    const { options } = limitedTo(5);
    const client = await openSse(await openApp(options));
    await client.initialize();
    const statuses: number[] = [];
    for (let id = 10; id < 14; id++) {
      statuses.push((await client.post({ jsonrpc: "2.0", id, method: "tools/list" })).status);
    }
    // The stream, `initialize` and its notification came before.
    expect(statuses).toEqual([202, 202, 429, 429]);
  });
});

describe("requests for a WebSocket", () => {
  const statuses = async (
    app: Awaited<ReturnType<typeof openApp>>,
    parts: SocketParts,
    count: number,
  ) => {
    const told: (string | number | null)[] = [];
    for (let tries = 0; tries < count; tries++) {
      const decision = await askForSocket(app, parts);
      told.push(decision.kind === "accepted" ? 101 : decision.response.status);
    }
    return told;
  };
  const ADDRESS = { address: "203.0.113.1" };

  it.each([
    ["good ones", authorized(), 101],
    ["those in a bad form", authorized({ "sec-websocket-version": "7" }), 426],
  ])("are counted against the limit of their key: %s", async (_what, parts, status) => {
    const app = await openApp(limitedTo(2).options);
    expect(await statuses(app, parts, 4)).toEqual([status, status, 429, 429]);
  });

  it("that are refused without a guess are counted, too", async () => {
    const rateLimits = { ...NO_RATE_LIMITS, anonymous: 2, requests: 2 };
    const app = await openApp({ deps: { rateLimits } });
    const foreign = { ...authorized({ host: "evil.example" }), ...ADDRESS };
    expect(await statuses(app, foreign, 3)).toEqual([403, 403, 429]);
    const ofAdmin = authorized({ authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(await statuses(app, ofAdmin, 3)).toEqual([403, 403, 429]);
  });

  it("elsewhere are counted by address, as requests without a key", async () => {
    const rateLimits = { ...NO_RATE_LIMITS, anonymous: 2 };
    const app = await openApp({ deps: { rateLimits } });
    const elsewhere = { ...authorized(), target: "/elsewhere", ...ADDRESS };
    expect(await statuses(app, elsewhere, 4)).toEqual([404, 404, 429, 429]);
    const refused = await askForSocket(app, elsewhere);
    const headers = refused.kind === "refused" ? refused.response.headers : new Headers();
    expect([headers.get("ratelimit-policy"), headers.get("retry-after")]).toEqual([
      '"anonymous";q=2;w=60',
      "30",
    ]);
    expect(await refusedWith(refused)).toEqual({ status: 429, code: "RATE_LIMITED" });
    expect(await statuses(app, { ...elsewhere, address: "203.0.113.2" }, 1)).toEqual([404]);
    // A key's own place is not theirs to take.
    expect(await statuses(app, { ...authorized(), ...ADDRESS }, 3)).toEqual([101, 101, 101]);
  });

  it("with keys that are refused are counted by address", async () => {
    const app = await openApp({ deps: { rateLimits: { ...NO_RATE_LIMITS, failures: 2 } } });
    const guess = { ...authorized({ authorization: "Bearer mcpk_a_guess" }), ...ADDRESS };
    expect(await statuses(app, guess, 4)).toEqual([401, 401, 429, 429]);
    expect(await statuses(app, { ...authorized(), ...ADDRESS }, 1)).toEqual([101]);
  });

  it.each([
    ["with a key", authorized(), 101],
    ["without one", {}, 401],
    ["elsewhere", { target: "/healthz" }, 404],
  ])("are refused in part while the server cannot keep up: %s", async (_what, parts, usual) => {
    const app = await openApp({ deps: { loadMeter: { delayMs: () => 10_000 } } });
    const told = new Map<string, number>();
    for (let tries = 0; tries < 100; tries++) {
      const decision = await askForSocket(app, parts);
      const { status, headers } =
        decision.kind === "refused" ? decision.response : { status: 101, headers: new Headers() };
      const what = `${status}, retry after ${headers.get("retry-after")}`;
      told.set(what, (told.get(what) ?? 0) + 1);
    }
    expect(Object.fromEntries(told)).toEqual({
      [`${usual}, retry after null`]: 10,
      "503, retry after 5": 90,
    });
  });
});
