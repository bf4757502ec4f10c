import { describe, expect, it, onTestFinished, vi } from "vitest";
import { RateGate, readRateLimit } from "../../plugins/github/rate-limits.ts";
import { errorAnswer, issue, repository } from "./github-answers.ts";
import { gitHub, ISSUE, PERSONAL, REPOSITORY, sent, SITE } from "./github-host.ts";
import type { Reply } from "../helpers/loopback-service.ts";

const OTHER = "ghp_another0123456789";
const NOW = Date.UTC(2026, 5, 1, 12);
const DATE = "Mon, 01 Jun 2026 12:00:00 GMT";

/** So many an hour are used up, for so many seconds by GitHub's clock. */
function usedUp(seconds: number, status = 403): Reply {
  return {
    status,
    headers: {
      date: DATE,
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-used": "5000",
      "x-ratelimit-reset": String(NOW / 1_000 + seconds),
      "x-ratelimit-resource": "core",
    },
    body: errorAnswer("API rate limit exceeded for user ID 1."),
  };
}

function tooMuch(headers: Record<string, string>, status = 403): Reply {
  const body = errorAnswer("You have exceeded a secondary rate limit. Please wait a few minutes.");
  return { status, headers, body };
}

describe("a limit that takes long", () => {
  it.each([
    {
      name: "an hour's requests",
      reply: usedUp(1_800),
      text: 'has had as many requests from "gh" as it takes in its period. Try again in 30 minutes, and not before.',
      data: { rateLimit: "primary", retryAfterSeconds: 1_800 },
    },
    {
      name: "an hour's requests, with 429",
      reply: usedUp(60, 429),
      text: "Try again in 60 seconds, and not before.",
      data: { rateLimit: "primary", retryAfterSeconds: 60 },
    },
    {
      name: "too much at once",
      reply: tooMuch({ "retry-after": "90" }),
      text: 'finds the requests from "gh" too many at once. Try again in 90 seconds, and not before.',
      data: { rateLimit: "secondary", retryAfterSeconds: 90 },
    },
    {
      name: "too much at once, without a time",
      reply: tooMuch({}, 429),
      text: "Try again in 60 seconds, and not before.",
      data: { rateLimit: "secondary", retryAfterSeconds: 60 },
    },
    {
      name: "too much at once, said in words alone",
      reply: tooMuch({}),
      text: "Try again in 60 seconds, and not before.",
      data: { rateLimit: "secondary", retryAfterSeconds: 60 },
    },
  ])("says when to try again: $name", async ({ reply, text, data }) => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, reply);
    await expect(call("get_repository", SITE)).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining(text) as string,
      data,
    });
    expect(service.requests).toHaveLength(1);
  });

  it("is kept to: GitHub is left alone until then", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, usedUp(1_800), { body: repository() });
    service.reply(ISSUE, { body: issue() });
    await expect(call("get_repository", SITE)).rejects.toThrow("in 30 minutes");
    await expect(call("get_issue", { ...SITE, number: 7 })).rejects.toThrow("in 30 minutes");
    expect(service.requests).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_801_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await call("get_issue", { ...SITE, number: 7 })).number).toBe(7);
  });

  it("of one kind of request does not hold back another", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /search/code", usedUp(60));
    service.reply("GET /search/repositories", usedUp(30));
    service.reply(REPOSITORY, { body: repository() });
    await expect(call("search_code", { query: "x" })).rejects.toThrow("in 60 seconds");
    await expect(call("search_repositories", { query: "x" })).rejects.toThrow("in 30 seconds");
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
  });

  it("on too much at once holds back all", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /search/code", tooMuch({ "retry-after": "90" }));
    await expect(call("search_code", { query: "x" })).rejects.toThrow("in 90 seconds");
    await expect(call("get_repository", SITE)).rejects.toThrow("too many at once");
    expect(service.requests).toHaveLength(1);
  });

  it("of one token does not hold back another", async () => {
    const { call, service, store } = await gitHub({ secrets: [OTHER] });
    service.reply(REPOSITORY, usedUp(1_800), { body: repository() });
    await expect(call("get_repository", SITE)).rejects.toThrow("in 30 minutes");
    await store("personal_token", OTHER);
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    await store("personal_token", PERSONAL);
    await expect(call("get_repository", SITE)).rejects.toThrow("in 30 minutes");
  });
});

describe("a limit that is soon over", () => {
  it.each([
    { name: "too much at once", reply: tooMuch({ "retry-after": "1" }), least: 1_000 },
    { name: "an hour's requests", reply: usedUp(1), least: 1_000 },
    { name: "none", reply: tooMuch({ "retry-after": "0" }), least: 0 },
  ])("is waited for: $name", async ({ reply, least }) => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, reply, { body: repository() });
    const started = performance.now();
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    const waited = performance.now() - started;
    // A timer may come a millisecond early.
    expect(waited).toBeGreaterThanOrEqual(least - 1);
    expect(waited).toBeLessThan(least + 900);
    expect(service.requests).toHaveLength(2);
  });

  it("is waited for once", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, tooMuch({ "retry-after": "0" }));
    await expect(call("get_repository", SITE)).rejects.toThrow("Try again in 0 seconds");
    expect(service.requests).toHaveLength(2);
  });

  it("is not waited for beyond the call's time", async () => {
    const { call, service } = await gitHub({ config: { timeoutMs: 900 } });
    service.reply(REPOSITORY, tooMuch({ "retry-after": "1" }));
    await expect(call("get_repository", SITE)).rejects.toThrow("Try again in 1 second, and");
    expect(service.requests).toHaveLength(1);
  });

  it("is not waited for when the call is cancelled", async () => {
    const { call, service } = await gitHub();
    const cancelled = new AbortController();
    service.reply(REPOSITORY, (response) => {
      response.writeHead(429, { "retry-after": "4" }).end();
      setTimeout(() => cancelled.abort(new Error("enough")), 50);
    });
    const started = performance.now();
    await expect(call("get_repository", SITE, cancelled.signal)).rejects.toThrow("enough");
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(sent(service)).toHaveLength(1);
  });
});

describe("an answer with headers of limits", () => {
  const read = (status: number, headers: Record<string, string>, message: string | null = null) =>
    readRateLimit({ status, headers: new Headers(headers) }, message, NOW);
  const reset = (seconds: number) => String(NOW / 1_000 + seconds);
  const none = { "x-ratelimit-remaining": "0" };

  it.each([
    [200, { ...none, "x-ratelimit-reset": reset(60) }],
    [404, { "retry-after": "60" }],
    [403, { "x-ratelimit-remaining": "1", "x-ratelimit-reset": reset(60) }],
    [403, {}],
  ])("is no limit: %i %j", (status, headers) => {
    expect(read(status, headers, "Must have admin rights")).toBeNull();
  });

  it.each([
    [{ "retry-after": "7" }, "secondary", 7_000],
    [{ ...none, "retry-after": "7", "x-ratelimit-reset": reset(60) }, "secondary", 7_000],
    [{ "retry-after": "Mon, 01 Jun 2026 12:00:09 GMT" }, "secondary", 9_000],
    [{ "retry-after": "Mon, 01 Jun 2026 11:00:00 GMT" }, "secondary", 0],
    [{ "retry-after": "soon" }, "secondary", 60_000],
    [{ "retry-after": "999999999" }, "secondary", 3_600_000],
    [{ ...none, "x-ratelimit-reset": reset(60) }, "primary", 60_000],
    [{ ...none, "x-ratelimit-reset": reset(-60) }, "primary", 0],
    [{ ...none, "x-ratelimit-reset": "999999999999" }, "primary", 3_600_000],
    [{ ...none, "x-ratelimit-reset": "tomorrow" }, "primary", 60_000],
    [none, "primary", 60_000],
    // Another clock than ours.
    [
      { ...none, "x-ratelimit-reset": "1000060", date: "Mon, 12 Jan 1970 13:46:40 GMT" },
      "primary",
      60_000,
    ],
    [{}, "secondary", 60_000],
  ])("is understood: %j", (headers, kind, waitMs) => {
    expect(read(429, headers as Record<string, string>)).toEqual({ kind, waitMs });
  });
});

describe("the gate", () => {
  it("answers the limit that ends last", () => {
    const gate = new RateGate();
    gate.block("o", "core", { kind: "primary", waitMs: 5_000 }, NOW);
    gate.block("o", "search", { kind: "secondary", waitMs: 2_000 }, NOW);
    expect(gate.find("o", "core", NOW + 1_000)).toEqual({ kind: "primary", waitMs: 4_000 });
    expect(gate.find("o", "search", NOW + 1_000)).toEqual({ kind: "secondary", waitMs: 1_000 });
    expect(gate.find("o", "search", NOW + 2_000)).toBeNull();
    expect(gate.find("p", "core", NOW)).toBeNull();
  });

  it("keeps the hundred that came last", () => {
    const gate = new RateGate();
    const limit = { kind: "secondary", waitMs: 1_000 } as const;
    for (let at = 0; at <= 100; at += 1) gate.block(`${at}`, "core", limit, NOW);
    expect(gate.find("0", "core", NOW)).toBeNull();
    expect(gate.find("1", "core", NOW)).toEqual(limit);
  });
});
