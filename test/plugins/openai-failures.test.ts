import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { BROKEN, pour, SLOW, type Reply } from "../helpers/loopback-service.ts";
import { completion, errorAnswer, MODELS } from "./openai-answers.ts";
import { CHAT, LIST, openAi } from "./openai-host.ts";

const ASK = { prompt: "Two and two?" };
const SOON = { "retry-after-ms": "1" };
const UNEXPECTED = / answered something unexpected\. Try again later; if that does not help, tell /;

const RATE = errorAnswer("Rate limit reached for gpt-example in organization org-a1.", {
  type: "requests",
  code: "rate_limit_exceeded",
});

describe("a service that is busy or broken for a moment", () => {
  it.each([408, 409, 429, 500, 502, 503, 504])("is asked again: %i", async (status) => {
    const { call, service, host } = await openAi();
    const busy: Reply = { status, headers: SOON, body: RATE };
    service.reply(CHAT, busy, busy, { body: completion() });
    expect((await call("chat", ASK)).structuredContent.text).toBe("Four.");
    expect(service.requests.map(({ body }) => body as unknown)).toEqual(
      Array.from({ length: 3 }, () => service.requests[0]?.body as unknown),
    );
    expect(host.serverLog).toEqual([]);
  });

  it.each(BROKEN)("is asked again when it $name", async ({ reply }) => {
    const { call, service } = await openAi();
    service.reply(CHAT, reply, { body: completion() });
    expect((await call("chat", ASK)).structuredContent.text).toBe("Four.");
    expect(service.requests).toHaveLength(2);
  });

  it.each([
    { header: { "retry-after": "1" }, least: 1_000, most: 1_900 },
    { header: { "retry-after-ms": "100.5", "retry-after": "60" }, least: 100, most: 900 },
    { header: { "retry-after": "Wed, 01 Jul 2026 13:00:00 GMT" }, least: 0, most: 300 },
    { header: { "retry-after": "soon" }, least: 375, most: 1_000 },
    { header: {}, least: 375, most: 1_000 },
  ])("is asked again when it says: $header", async ({ header, least, most }) => {
    const { call, service } = await openAi();
    const at: number[] = [];
    service.reply(
      LIST,
      (response) => {
        at.push(performance.now());
        response.writeHead(429, header).end();
      },
      (response) => {
        at.push(performance.now());
        response.end(JSON.stringify(MODELS));
      },
    );
    await call("models");
    const waited = at[1]! - at[0]!;
    // A timer may come a millisecond early.
    expect(waited).toBeGreaterThanOrEqual(least - 1);
    expect(waited).toBeLessThan(most);
  });

  it("is asked three times and no more, and says when to try again", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { status: 429, headers: SOON, body: RATE });
    await expect(call("chat", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `The service at ${new URL(service.baseUrl).host} takes no more requests with this server's API key for now. Try again in 1 seconds.`,
      data: { retryAfterSeconds: 1 },
    });
    expect(service.requests).toHaveLength(3);
  });

  it("is not asked again when that is beyond the time", async () => {
    const { call, service } = await openAi({ timeoutMs: 2_000 });
    service.reply(CHAT, { status: 429, headers: { "retry-after": "60" }, body: RATE });
    await expect(call("chat", ASK)).rejects.toMatchObject({
      message: expect.stringContaining("Try again in 60 seconds."),
      data: { retryAfterSeconds: 60 },
    });
    expect(service.requests).toHaveLength(1);
  });

  it("is not available when it stays so", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { status: 503, headers: SOON, body: {} });
    await expect(call("chat", ASK)).rejects.toThrow(
      "is not available: it answers with status 503. Try again later.",
    );
    expect(service.requests).toHaveLength(3);
  });

  it("is not available when it is not there", async () => {
    const { call, service, host } = await openAi({ timeoutMs: 3_000 });
    await service.close();
    await expect(call("chat", ASK)).rejects.toThrow("is not available: it cannot be reached.");
    expect(host.serverLog).toHaveLength(1);
    expect(host.serverLog[0]?.fields["reason"]).toContain("ECONNREFUSED");
  });
});

describe("a service that this server may not ask", () => {
  it("is not asked a second time, and the administrator learns why", async () => {
    const { call, host } = await openAi({ baseUrl: "https://10.0.0.1/v1" });
    await expect(call("chat", ASK)).rejects.toThrow(
      "This server sends no requests to the service at 10.0.0.1.",
    );
    expect(host.serverLog).toHaveLength(1);
    expect(host.serverLog[0]?.fields["reason"]).toContain("this machine alone");
  });
});

describe("a service that takes too long", () => {
  it.each(SLOW)("is left alone $name", async ({ reply }) => {
    const { call, service } = await openAi({ timeoutMs: 150 });
    service.reply(CHAT, reply);
    await expect(call("chat", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `The service at ${new URL(service.baseUrl).host} is not available: it did not answer in 150 ms. Try again later.`,
    });
    expect(service.requests).toHaveLength(1);
  });
});

describe("an answer that is not as documented", () => {
  it.each([
    { name: "HTML", body: "<html>", reason: "not JSON" },
    { name: "nothing", body: "", reason: "not JSON" },
    { name: "null", body: "null", reason: "the answer is not as documented" },
    { name: "no choices", body: { choices: [] }, reason: "choices.0 is not as documented" },
    {
      name: "a number for a text",
      body: completion({ content: 4 }),
      reason: "choices.0.message.content is not as documented",
    },
    {
      name: "half a token",
      body: { ...completion(), usage: { prompt_tokens: 0.5 } },
      reason: "usage.prompt_tokens is not as documented",
    },
  ])("is refused, and not asked for again: $name", async ({ body, reason }) => {
    const { call, service, host } = await openAi();
    service.reply(CHAT, { body });
    await expect(call("chat", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringMatching(UNEXPECTED) as string,
    });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog.map(({ fields }) => fields)).toEqual([
      { path: "chat/completions", reason },
    ]);
  });

  it.each([301, 302, 303, 307, 308])("is not followed to another place: %i", async (status) => {
    const { call, service, host } = await openAi();
    service.reply("POST /elsewhere", { body: completion() });
    service.reply("GET /elsewhere", { body: completion() });
    service.reply(CHAT, { status, headers: { location: "/elsewhere" }, body: "" });
    await expect(call("chat", ASK)).rejects.toThrow(UNEXPECTED);
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual(["a redirect"]);
  });

  it("without an end is cut off", async () => {
    const { call, service, host } = await openAi();
    const closed = vi.fn<() => void>();
    service.reply(CHAT, (response, request) => {
      response.on("close", closed);
      if (typeof pour === "function") pour(response, request);
    });
    await expect(call("chat", ASK)).rejects.toThrow(UNEXPECTED);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual(["more than 2 MiB"]);
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(service.requests).toHaveLength(1);
  });
});

describe("a call that is cancelled", () => {
  it("ends its request", async () => {
    const { call, service, host } = await openAi();
    const closed = vi.fn<() => void>();
    const cancelled = new AbortController();
    service.reply(CHAT, (response) => {
      response.on("close", closed);
      cancelled.abort(new Error("enough"));
    });
    await expect(call("chat", ASK, cancelled.signal)).rejects.toThrow("enough");
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(host.serverLog).toEqual([]);
  });

  it("waits for no further try", async () => {
    const { call, service } = await openAi();
    const cancelled = new AbortController();
    service.reply(CHAT, (response) => {
      response.writeHead(503, { "retry-after": "1" }).end();
      setTimeout(() => cancelled.abort(new Error("enough")), 50);
    });
    const started = performance.now();
    await expect(call("chat", ASK, cancelled.signal)).rejects.toThrow("enough");
    expect(performance.now() - started).toBeLessThan(900);
    await sleep(1_100);
    expect(service.requests).toHaveLength(1);
  });

  it("before it begins asks nobody", async () => {
    // Not even for the key, which would be missing.
    const { call, service } = await openAi({}, {});
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(call("chat", ASK, signal)).rejects.toThrow("enough");
    expect(service.requests).toEqual([]);
  });
});

describe("many calls at once", () => {
  it("have each its own answer", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, (response, { body }) => {
      const { content } = body.messages[0] as { content: string };
      setTimeout(() => response.end(JSON.stringify(completion({ content }))), Number(content) % 7);
    });
    const prompts = Array.from({ length: 40 }, (_, at) => String(at));
    const answers = await Promise.all(prompts.map((prompt) => call("chat", { prompt })));
    expect(answers.map(({ structuredContent }) => structuredContent.text as string)).toEqual(
      prompts,
    );
  });
});
