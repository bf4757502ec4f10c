import { describe, expect, it } from "vitest";
import { accepted, elicit, inputRequired, type CallContext } from "../../../src/plugins/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSse } from "../../helpers/sse-client.ts";
import { CLIENT_KEY, OTHER_CLIENT_KEY, type TestRequest } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const NOT_FOUND = {
  jsonrpc: "2.0",
  error: { code: -32001, message: "Session not found" },
  id: null,
};
const PING = { jsonrpc: "2.0", id: 1, method: "ping" };
const FOUR_MIB = 4 * 1024 * 1024;

function demo() {
  return testPlugin({
    tools: {
      hello: () => "Hello.",
      count: (_, call) => {
        for (const step of [1, 2]) call.progress(step, 2);
        return "counted";
      },
      ask: (_, { input }) => {
        const answer = accepted(input, "name");
        return answer === null
          ? inputRequired({ inputRequests: { name: elicit("Your name?", FORM) } })
          : `Hello, ${String(answer["name"])}.`;
      },
    },
    getResources: () => [{ uri: "demo://a", name: "a", text: "" }],
  });
}

const FORM = {
  type: "object",
  properties: { name: { type: "string" } },
  required: ["name"],
} as const;

describe.each(WAYS)("HTTP+SSE, $way", ({ open }) => {
  it("opens a stream that no proxy holds back and no cache keeps", async () => {
    const app = await open();
    const { response } = await openSse(app);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-store",
      "x-accel-buffering": "no",
    });
  });

  it("names an address that nobody guesses, and never the same one twice", async () => {
    const app = await open();
    const clients = await Promise.all(Array.from({ length: 20 }, () => openSse(app)));
    const addresses = clients.map(({ address }) => address);
    for (const address of addresses) {
      expect(address).toMatch(/^\/messages\?sessionId=[\w-]{43}$/);
    }
    expect(new Set(addresses).size).toBe(20);
  });

  it("accepts a post, and answers on the stream", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const client = await openSse(app);
    expect((await client.initialize()).result).toMatchObject({
      protocolVersion: "2024-11-05",
      serverInfo: { name: "test-server" },
    });
    const taken = await client.post(PING);
    expect([taken.status, await taken.text()]).toEqual([202, "Accepted"]);
    expect(await client.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect((await client.call("tools/list")).result.tools).toHaveLength(3);
    const hello = await client.call("tools/call", { name: "demo_hello" });
    expect(hello.result.content).toEqual([{ type: "text", text: "Hello." }]);
  });

  it("reports progress before the answer", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const client = await openSse(app);
    await client.initialize();
    await client.call("tools/call", { name: "demo_count", _meta: { progressToken: 7 } });
    expect(client.received.map(({ params }) => params)).toEqual([
      { progressToken: 7, progress: 1, total: 2 },
      { progressToken: 7, progress: 2, total: 2 },
    ]);
  });

  it("asks the client, and goes on with what it posts", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const client = await openSse(app);
    await client.initialize({ elicitation: {} });
    await client.post({ ...PING, id: 9, method: "tools/call", params: { name: "demo_ask" } });
    const question = await client.next();
    expect(question).toMatchObject({ method: "elicitation/create" });
    const result = { action: "accept", content: { name: "Ada" } };
    await client.post({ jsonrpc: "2.0", id: question!.id, result });
    const answer = await client.next();
    expect(answer).toMatchObject({ id: 9, result: { content: [{ text: "Hello, Ada." }] } });
  });

  it("tells of changed lists, and of the resources that the client watches", async () => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const client = await openSse(app);
    await client.initialize();
    await client.call("resources/subscribe", { uri: "demo://a" });
    plugin.context!.resourceUpdated("demo://b");
    plugin.context!.resourceUpdated("demo://a");
    expect(await client.next()).toMatchObject({
      method: "notifications/resources/updated",
      params: { uri: "demo://a" },
    });
    plugin.getTools = () => [];
    plugin.context!.changed("tools");
    expect(await client.next()).toMatchObject({ method: "notifications/tools/list_changed" });
  });

  it("aborts the calls of a client that goes, and forgets its session", async () => {
    const started = Promise.withResolvers<CallContext>();
    const aborted = Promise.withResolvers<{ readonly code: string }>();
    const wait = (_: unknown, call: CallContext) =>
      new Promise((_resolve, reject) => {
        call.signal.addEventListener("abort", () => {
          aborted.resolve(call.signal.reason);
          reject(new Error("late"));
        });
        started.resolve(call);
      });
    const app = await open({ plugins: { demo: testPlugin({ tools: { wait } }) } });
    const client = await openSse(app);
    await client.initialize();
    await client.post({ ...PING, method: "tools/call", params: { name: "demo_wait" } });
    expect((await started.promise).signal.aborted).toBe(false);
    await client.close();
    expect(await aborted.promise).toMatchObject({ code: "CALL_ABORTED" });
    const late = await client.post(PING);
    expect([late.status, await late.json()]).toEqual([404, NOT_FOUND]);
  });

  it("cancels one call when the client says so, and answers the next", async () => {
    const aborted = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const wait = (_: unknown, { signal }: CallContext) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted.resolve();
          reject(new Error("late"));
        });
        started.resolve();
      });
    const app = await open({ plugins: { demo: testPlugin({ tools: { wait } }) } });
    const client = await openSse(app);
    await client.initialize();
    await client.post({ ...PING, id: 5, method: "tools/call", params: { name: "demo_wait" } });
    await started.promise;
    const params = { requestId: 5 };
    await client.post({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    await aborted.promise;
    expect(await client.call("ping", {}, 6)).toEqual({ jsonrpc: "2.0", id: 6, result: {} });
  });

  it("does not exist for another client, and for nobody without a key", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const mine = await openSse(app);
    const theirs = await openSse(app, { key: OTHER_CLIENT_KEY });
    const response = await mine.post(PING, { key: OTHER_CLIENT_KEY });
    expect([response.status, await response.json()]).toEqual([404, NOT_FOUND]);
    expect((await mine.post(PING, { key: null })).status).toBe(401);
    expect((await mine.call("ping", {}, 2)).result).toEqual({});
    expect((await theirs.call("ping", {}, 3)).result).toEqual({});
    expect(mine.received).toEqual([]);
  });

  it.each<[what: string, query: string, status: number, code: number]>([
    ["no id", "", 400, -32000],
    ["an empty id", "?sessionId=", 400, -32000],
    ["an id under another name", "?sessionid=x", 400, -32000],
    ["an unknown id", "?sessionId=x", 404, -32001],
    ["an id that objects have", "?sessionId=__proto__", 404, -32001],
    ["a very long id", `?sessionId=${"x".repeat(8_000)}`, 404, -32001],
  ])("refuses a post with %s", async (_, query, status, code) => {
    const app = await open();
    const response = await app.request(`/messages${query}`, postOf(JSON.stringify(PING)));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code } });
  });

  it.each<[what: string, init: TestRequest, status: number, code: number]>([
    ["no JSON", postOf("{"), 400, -32700],
    ["nothing", postOf(""), 400, -32700],
    ["two messages", postOf(`${JSON.stringify(PING)}\n${JSON.stringify(PING)}`), 400, -32700],
    ["bytes", postOf("\u0000\u0001"), 400, -32700],
    ["JSON that is too deep", postOf("[".repeat(100) + "]".repeat(100)), 400, -32600],
    ["too many values", postOf(JSON.stringify(Array(100_001).fill(0))), 400, -32600],
    ["plain text", postOf(JSON.stringify(PING), "text/plain"), 415, -32000],
    ["a form", postOf("a=b", "application/x-www-form-urlencoded"), 415, -32000],
    ["too many bytes", postOf(JSON.stringify("x".repeat(FOUR_MIB))), 413, -32000],
  ])("refuses a post of %s, and lives on", async (_, init, status, code) => {
    const app = await open();
    const client = await openSse(app);
    const response = await app.request(client.address, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code } });
    expect((await client.call("ping", {}, 2)).result).toEqual({});
  });

  it("takes a message of nearly four MiB", async () => {
    const app = await open();
    const client = await openSse(app);
    await client.initialize();
    const padding = "x".repeat(FOUR_MIB - 1_000);
    expect((await client.call("ping", { _meta: { padding } }, 2)).result).toEqual({});
  });

  it.each([
    ["a list", [PING], null],
    ["no object", 7, null],
    ["another version", { ...PING, jsonrpc: "1.0", id: 4 }, 4],
    ["no method", { jsonrpc: "2.0", id: 5 }, 5],
  ])("answers JSON that is no message (%s) on the stream", async (_, message, id) => {
    const app = await open();
    const client = await openSse(app);
    expect((await client.post(message)).status).toBe(202);
    expect(await client.next()).toMatchObject({ id, error: { code: -32600 } });
  });

  it.each([
    ["POST", "/sse", "GET"],
    ["HEAD", "/sse", "GET"],
    ["DELETE", "/sse", "GET"],
    ["OPTIONS", "/sse", "GET"],
    ["GET", "/messages", "POST"],
    ["HEAD", "/messages", "POST"],
    ["PUT", "/messages", "POST"],
    ["DELETE", "/messages", "POST"],
  ])("answers %s %s with 405 and what is allowed", async (method, path, allowed) => {
    const app = await open();
    const response = await app.request(path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
  });

  it("gives each client fifty streams at most, and room for another when one ends", async () => {
    const app = await open();
    const clients = await Promise.all(Array.from({ length: 50 }, () => openSse(app)));
    const refused = await app.request("/sse");
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: "TOO_MANY_CONNECTIONS" });
    expect((await app.request("/sse", { key: OTHER_CLIENT_KEY })).status).toBe(200);
    await clients[7]!.close();
    await expect.poll(async () => (await app.request("/sse")).status).toBe(200);
  });

  it("ends every stream when the server closes, after the answers", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const clients = await Promise.all([openSse(app), openSse(app, { key: OTHER_CLIENT_KEY })]);
    await clients[0].initialize();
    await app.close();
    for (const client of clients) expect(await client.nextBlock()).toBeNull();
  });

  it("does not exist where it is turned off", async () => {
    const config = { allowedHosts: ["localhost"], allowedOrigins: [], auth: "keys" } as const;
    const app = await open({ deps: { config: { ...config, sse: false } } });
    const answers = [
      await app.request("/sse"),
      await app.request("/sse", { method: "POST" }),
      await app.request("/messages?sessionId=x", postOf(JSON.stringify(PING))),
    ];
    for (const response of answers) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

it("keeps a session for as long as its stream is open, however little it is used", async () => {
  const time = createFakeTime();
  const app = await WAYS[0]!.open({ plugins: { demo: demo() }, deps: { time } });
  const client = await openSse(app);
  await client.initialize();
  await time.advance(2 * 60 * 60_000);
  expect((await client.call("ping", {}, 5)).result).toEqual({});
});

it("needs no key where none is asked for, and all are one client then", async () => {
  const config = { allowedHosts: ["localhost"], allowedOrigins: [], auth: "none" } as const;
  const app = await WAYS[0]!.open({ deps: { config: { ...config, sse: true } } });
  const client = await openSse(app, { key: null });
  expect((await client.post(PING, { key: CLIENT_KEY })).status).toBe(202);
  expect(await client.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
});

function postOf(body: string, contentType = "application/json"): TestRequest {
  return { method: "POST", body, headers: { "content-type": contentType } };
}
