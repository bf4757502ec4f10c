import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createTestFetch } from "../../src/plugins/test-fetch.ts";
import { BROKEN, pour, SLOW, type Reply } from "../helpers/loopback-service.ts";
import { accessToken, serviceAccount, TOKEN } from "./service-account-host.ts";

const X = "GET /api/v1/x";
const POST_X = "POST /api/v1/x";
const ASK = { path: "/x" };
const POST = { method: "POST", path: "/x", body: { a: 1 } };
const WRITES = { methods: ["POST"] };
const UNUSABLE = "answered something that cannot be used";

describe("a refusal of the API", () => {
  it.each([
    {
      name: "404 with its own words",
      reply: { status: 404, body: { message: "No item 7." } },
      message: '<host> answered with status 404: {"message":"No item 7."}.',
    },
    {
      name: "400 in plain text, in one line",
      reply: { status: 400, headers: { "content-type": "text/plain" }, body: "Bad\n  name." },
      message: "<host> answered with status 400: Bad name.",
    },
    {
      name: "422 without end",
      reply: { status: 422, headers: { "content-type": "text/plain" }, body: "x".repeat(9_000) },
      message: `<host> answered with status 422: ${"x".repeat(500)}….`,
    },
    {
      name: "404 as a page",
      reply: { status: 404, headers: { "content-type": "text/html" }, body: "<h1>Nothing</h1>" },
      message: "<host> answered with status 404.",
    },
    {
      name: "409 with nothing",
      reply: { status: 409, body: "" },
      message: "<host> answered with status 409.",
    },
    {
      name: "403",
      reply: { status: 403, body: { error: "insufficient scope" } },
      message: '<host> does not let this service account do that: {"error":"insufficient scope"}.',
    },
  ])("is explained: $name", async ({ reply, message }) => {
    const { call, service, host } = await serviceAccount();
    service.reply(X, reply);
    const at = new URL(service.baseUrl).host;
    await expect(call("get", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: message.replace("<host>", at),
      data: { status: reply.status },
    });
    expect(service.requests).toHaveLength(2);
    expect(host.serverLog).toMatchObject([
      {
        level: "warn",
        message: "A request to the API failed",
        fields: { host: at, method: "GET", reason: `status ${reply.status}` },
      },
    ]);
  });
});

describe("an API that is busy or broken for a moment", () => {
  const good: Reply = { body: [1] };

  it.each([429, 500, 502, 503, 504])("is read from again: %i", async (status) => {
    const { call, service, host } = await serviceAccount();
    service.reply(X, { status, body: {} }, good);
    expect((await call("get", ASK)).structuredContent.body).toEqual([1]);
    expect(host.serverLog).toEqual([]);
  });

  it.each(BROKEN)("is read from again when it $name", async ({ reply }) => {
    const { call, service } = await serviceAccount();
    service.reply(X, reply, good);
    expect((await call("get", ASK)).structuredContent.body).toEqual([1]);
  });

  it("is told of a change again when it was too busy to look at it", async () => {
    const { call, service } = await serviceAccount({ config: WRITES });
    service.reply(POST_X, { status: 429, body: {} }, good);
    expect((await call("request", POST)).structuredContent.body).toEqual([1]);
    expect(service.requests.slice(1).map(({ body }) => body as unknown)).toEqual([
      { a: 1 },
      { a: 1 },
    ]);
  });

  it.each([
    ...BROKEN.map(({ name, reply }) => ({ name, reply, reason: "it cannot be reached" })),
    {
      name: "answers 503",
      reply: { status: 503, body: {} },
      reason: "it answers with status 503",
    },
  ])("is told of a change once only when it $name", async ({ reply, reason }) => {
    const { call, service } = await serviceAccount({ config: WRITES });
    service.reply(POST_X, reply, good);
    await expect(call("request", POST)).rejects.toThrow(
      `is not available: ${reason}. It may have done what was asked all the same: look before you try again.`,
    );
    expect(service.requests).toHaveLength(2);
  });

  it("is waited for as long as it says", async () => {
    const { call, service } = await serviceAccount();
    const at: number[] = [];
    service.reply(
      X,
      (response) => {
        at.push(performance.now());
        response.writeHead(429, { "retry-after": "1" }).end();
      },
      (response) => {
        at.push(performance.now());
        response.end("[1]");
      },
    );
    await call("get", ASK);
    // A timer may come a millisecond early.
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(999);
  });

  it("is not waited for beyond the time", async () => {
    const { call, service } = await serviceAccount();
    service.reply(X, { status: 429, headers: { "retry-after": "60" }, body: {} });
    await expect(call("get", ASK)).rejects.toMatchObject({
      message: `${new URL(service.baseUrl).host} takes no more requests for now. Try again in 60 seconds.`,
      data: { status: 429, retryAfterSeconds: 60 },
    });
    expect(service.requests).toHaveLength(2);
  });

  it("is asked three times and no more", async () => {
    const { call, service } = await serviceAccount();
    service.reply(X, { status: 500, body: {} });
    await expect(call("get", ASK)).rejects.toThrow("it answers with status 500. Try again later.");
    expect(service.requests).toHaveLength(4);
  });

  it.each(SLOW)("is left alone when it takes too long $name", async ({ reply }) => {
    const { call, service } = await serviceAccount({ config: { timeoutMs: 300 } });
    service.reply(X, reply);
    await expect(call("get", ASK)).rejects.toThrow("it did not answer in 300 ms. Try again later.");
    expect(service.requests).toHaveLength(2);
  });
});

describe("an answer that nobody can use", () => {
  it.each<{ name: string; reply: Reply; reason: string }>([
    { name: "half of JSON", reply: { body: '{"a":' }, reason: "not JSON" },
    {
      name: "a page",
      reply: { headers: { "content-type": "text/html; charset=utf-8" }, body: "<h1>Login</h1>" },
      reason: "neither JSON nor text",
    },
    {
      name: "an image",
      reply: { headers: { "content-type": "image/png" }, body: "PNG" },
      reason: "neither JSON nor text",
    },
    { name: "without an end", reply: pour, reason: "more than 512 KiB" },
    ...[301, 302, 303, 307, 308].map((status) => ({
      name: `a redirect with ${status}`,
      reply: { status, headers: { location: "/api/v1/elsewhere" }, body: "" },
      reason: "a redirect",
    })),
  ])("is refused, and not asked for again: $name", async ({ reply, reason }) => {
    const { call, service, host } = await serviceAccount();
    service.reply("GET /api/v1/elsewhere", { body: [] });
    service.reply(X, reply);
    await expect(call("get", ASK)).rejects.toThrow(UNUSABLE);
    expect(service.requests).toHaveLength(2);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual([reason]);
  });

  it("may be 512 KiB and no larger", async () => {
    const { call, service } = await serviceAccount();
    const text = "a".repeat(512 * 1024);
    const headers = { "content-type": "text/plain" };
    service.reply(X, { headers, body: text }, { headers, body: `${text}a` });
    expect((await call("get", ASK)).structuredContent.body).toHaveLength(text.length);
    await expect(call("get", ASK)).rejects.toThrow(UNUSABLE);
  });
});

/** `serviceAccount` searches everything that was said for tokens; these tests make the API say them. */
describe("an API that repeats the access token", () => {
  const token = accessToken(1);

  it("in a good answer", async () => {
    const { call, service } = await serviceAccount();
    const body = { headers: { authorization: `Bearer ${token}` }, [token]: [token] };
    const escaped = JSON.stringify(body).replaceAll("/", String.raw`\/`);
    service.reply(
      X,
      { body },
      { body: escaped.replace(`"${token.replace("/", "\\/")}":`, '"x":') },
    );
    expect((await call("get", ASK)).structuredContent.body).toEqual({
      headers: { authorization: "Bearer [hidden]" },
      "[hidden]": ["[hidden]"],
    });
    expect((await call("get", ASK)).structuredContent.body).toEqual({
      headers: { authorization: "Bearer [hidden]" },
      x: ["[hidden]"],
    });
  });

  it("in a text, and in an address in it", async () => {
    const { call, service } = await serviceAccount();
    service.reply(X, {
      headers: { "content-type": "text/plain" },
      body: `${token} https://example.org/?t=${encodeURIComponent(token)}`,
    });
    expect((await call("get", ASK)).structuredContent.body).toBe(
      "[hidden] https://example.org/?t=[hidden]",
    );
  });

  it.each([400, 401, 403, 404, 429, 500])("in a refusal with %i", async (status) => {
    const { call, service } = await serviceAccount();
    service.reply(X, (response, { headers }) => {
      const said = String(headers.authorization);
      response.writeHead(status, { "content-type": `text/plain; a="${said}"`, "x-said": said });
      response.end(said);
    });
    await expect(call("get", ASK)).rejects.toMatchObject({ name: "ToolError" });
  });

  it("is no worse than a runtime that says what it cannot send", async () => {
    const here = createTestFetch();
    const { call, host } = await serviceAccount({
      config: { timeoutMs: 1_000 },
      async fetch(url, init = {}) {
        if (!new URL(url).pathname.startsWith("/api")) return here(url, init);
        throw new TypeError(`Cannot send ${JSON.stringify(init.headers)}`);
      },
    });
    await expect(call("get", ASK)).rejects.toThrow("it cannot be reached");
    expect(host.serverLog[0]?.fields["reason"]).toContain('"Bearer [hidden]"');
  });
});

describe("a call that is cancelled", () => {
  it.each([
    { name: "the token endpoint", target: TOKEN, requests: 1 },
    { name: "the API", target: X, requests: 2 },
  ])("waits no longer for $name", async ({ target, requests }) => {
    const { call, service, host } = await serviceAccount();
    const cancelled = new AbortController();
    service.reply(target, () => cancelled.abort(new Error("enough")));
    await expect(call("get", ASK, cancelled.signal)).rejects.toThrow("enough");
    expect(service.requests).toHaveLength(requests);
    expect(host.serverLog).toEqual([]);
  });

  it("waits for no further try", async () => {
    const { call, service } = await serviceAccount();
    const cancelled = new AbortController();
    service.reply(X, (response) => {
      response.writeHead(503).end();
      setTimeout(() => cancelled.abort(new Error("enough")), 50);
    });
    await expect(call("get", ASK, cancelled.signal)).rejects.toThrow("enough");
    await sleep(400);
    expect(service.requests).toHaveLength(2);
  });

  it("before it begins asks nobody", async () => {
    const { call, service } = await serviceAccount();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(call("get", ASK, signal)).rejects.toThrow("enough");
    expect(service.requests).toEqual([]);
  });
});

describe("an address that this server may not ask", () => {
  it.each(["baseUrl", "tokenUrl"])("is not asked a second time: %s", async (setting) => {
    const { call, host } = await serviceAccount({ config: { [setting]: "https://10.0.0.1/x" } });
    await expect(call("get", ASK)).rejects.toThrow("This server sends no requests to 10.0.0.1.");
    expect(host.serverLog).toHaveLength(1);
    expect(host.serverLog[0]?.fields["reason"]).toContain("this machine alone");
  });
});
