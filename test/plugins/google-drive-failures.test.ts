import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { driveError, rpcError, storedFile } from "./google-drive-answers.ts";
import { FILES, openGoogleDrive, TOKEN } from "./google-drive-host.ts";
import { BROKEN, pour, SLOW, type Reply } from "../helpers/loopback-service.ts";

const SOON = { "retry-after": "0" };
const FOUND: Reply = { body: { files: [storedFile({ id: "file-1" })] } };
const RATE = driveError(403, "userRateLimitExceeded", "User Rate Limit Exceeded");

describe("Google, busy or broken for a moment,", () => {
  it.each<{ name: string; status: number; body: unknown }>([
    { name: "429", status: 429, body: {} },
    { name: "403 for this user", status: 403, body: RATE },
    { name: "403 for this app", status: 403, body: driveError(403, "rateLimitExceeded") },
    { name: "403 in the new way", status: 403, body: rpcError(403, "RATE_LIMIT_EXCEEDED") },
    ...[500, 502, 503, 504].map((status) => ({ name: String(status), status, body: "oops" })),
  ])("is asked once more: $name", async ({ status, body }) => {
    const { call, service, host } = await openGoogleDrive();
    service.reply(FILES, { status, headers: SOON, body }, FOUND);
    const { structuredContent } = await call("search_files", { text: "a" });
    expect(structuredContent.files).toHaveLength(1);
    expect(service.requests).toHaveLength(2);
    expect(service.requests[1]?.url.href).toBe(service.requests[0]?.url.href);
    expect(host.serverLog).toEqual([]);
  });

  it.each([
    { header: { "retry-after": "1" }, least: 1_000, most: 1_900 },
    { header: { "retry-after": "Wed, 01 Jul 2026 13:00:00 GMT" }, least: 0, most: 300 },
    { header: { "retry-after": "soon" }, least: 750, most: 1_600 },
    { header: {}, least: 750, most: 1_600 },
  ])("is given the time that it asks for: $header", async ({ header, least, most }) => {
    const { call, service } = await openGoogleDrive();
    service.reply(FILES, { status: 429, headers: header, body: {} }, FOUND);
    const begin = performance.now();
    await call("search_files");
    const waited = performance.now() - begin;
    // A timer may come a millisecond early.
    expect(waited).toBeGreaterThanOrEqual(least - 1);
    expect(waited).toBeLessThan(most);
  });

  it("is asked twice and no more, and the caller is told when to try again", async () => {
    const { call, service, host } = await openGoogleDrive();
    service.reply(FILES, { status: 403, headers: { "retry-after": "1" }, body: RATE });
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message:
        "Google Drive takes no more requests of this account or server for now. Try again in 1 seconds.",
      data: { retryAfterSeconds: 1 },
    });
    expect(service.requests).toHaveLength(2);
    expect(host.serverLog).toMatchObject([
      { level: "warn", fields: { subject: "search", reason: "status 403, userRateLimitExceeded" } },
    ]);
  });

  it.each([
    { name: "more than ten seconds", config: {}, after: "11" },
    { name: "more than there is time", config: { timeoutMs: 2_000 }, after: "3" },
  ])("is not waited for $name", async ({ config, after }) => {
    const { call, service } = await openGoogleDrive({ config });
    service.reply(FILES, { status: 429, headers: { "retry-after": after }, body: {} });
    await expect(call("search_files")).rejects.toMatchObject({
      message: expect.stringContaining(`Try again in ${after} seconds.`),
      data: { retryAfterSeconds: Number(after) },
    });
    expect(service.requests).toHaveLength(1);
  });

  it("is not available when it stays so", async () => {
    const { call, service } = await openGoogleDrive();
    service.reply(FILES, { status: 503, headers: SOON, body: "oops" });
    await expect(call("search_files")).rejects.toThrow(
      "Google Drive is not available: it answers with status 503. Try again later.",
    );
    expect(service.requests).toHaveLength(2);
  });
});

describe("Google, out of reach,", () => {
  it.each(BROKEN)("is not available when it $name", async ({ reply }) => {
    const { call, service, host } = await openGoogleDrive();
    service.reply(FILES, reply);
    await expect(call("search_files")).rejects.toThrow(
      "Google Drive is not available: it cannot be reached. Try again later.",
    );
    expect(host.serverLog).toHaveLength(1);
  });

  it.each(SLOW)("is left alone when it takes too long $name", async ({ reply }) => {
    const { call, service } = await openGoogleDrive({ config: { timeoutMs: 150 } });
    service.reply(FILES, reply);
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message: "Google Drive is not available: it did not answer in 150 ms. Try again later.",
    });
    expect(service.requests).toHaveLength(1);
  });

  it("is not to be reached by this server", async () => {
    const { call, host } = await openGoogleDrive({ config: { baseUrl: "https://192.168.1.1/v3" } });
    await expect(call("search_files")).rejects.toThrow(
      "This server may not send requests to 192.168.1.1.",
    );
    expect(host.serverLog).toHaveLength(1);
  });

  it.each(SLOW)("is let go of when the call is cancelled $name", async ({ reply }) => {
    const { call, service, host } = await openGoogleDrive();
    service.reply(FILES, reply);
    const controller = new AbortController();
    const outcome = call("search_files", {}, controller.signal).catch((error: unknown) => error);
    while (service.requests.length === 0) await sleep(5);
    const reason = new Error("Enough.");
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(host.serverLog).toEqual([]);
  });

  it("is let go of while a second try is waited for", async () => {
    const { call, service } = await openGoogleDrive();
    service.reply(FILES, { status: 429, headers: { "retry-after": "9" }, body: {} });
    const controller = new AbortController();
    const outcome = call("search_files", {}, controller.signal).catch((error: unknown) => error);
    while (service.requests.length === 0) await sleep(5);
    await sleep(20);
    const reason = new Error("Enough.");
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(service.requests).toHaveLength(1);
  });
});

describe("an answer that is not as documented", () => {
  it.each<{ name: string; reply: Reply; reason: string }>([
    { name: "HTML", reply: { body: "<html>" }, reason: "the answer is not as documented" },
    { name: "nothing", reply: { body: "" }, reason: "the answer is not as documented" },
    { name: "no files", reply: { body: {} }, reason: "files is not as documented" },
    { name: "no id", reply: { body: { files: [{}] } }, reason: "files.0.id is not as documented" },
    {
      name: "status 204",
      reply: (response) => void response.writeHead(204).end(),
      reason: "status 204",
    },
    {
      name: "a redirect",
      reply: { status: 302, headers: { location: "/drive/v3/elsewhere" }, body: "" },
      reason: "status 302",
    },
    { name: "no end", reply: pour, reason: expect.stringMatching(/./) as string },
  ])("is refused, and told to the log: $name", async ({ reply, reason }) => {
    const { call, service, host } = await openGoogleDrive();
    service.reply(FILES, reply);
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message:
        "Google Drive answered something unexpected. Try again later; if that does not help, tell the server's administrator.",
    });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog).toMatchObject([{ level: "warn", fields: { reason } }]);
  });
});

describe("a refusal of Google's", () => {
  it.each([
    { status: 403, body: driveError(403, "dailyLimitExceeded"), message: "used up for today" },
    { status: 403, body: driveError(403, "quotaExceeded"), message: "quota of this server's" },
    { status: 403, body: driveError(403, "domainPolicy"), message: "have to allow it" },
    {
      status: 403,
      body: driveError(403, "appNotAuthorizedToFile"),
      message: "connect the account",
    },
    { status: 403, body: driveError(403, "insufficientPermissions"), message: "tick that box" },
    { status: 403, body: driveError(403, "teamDriveMembershipRequired"), message: "no member" },
    {
      status: 403,
      body: driveError(403, "accessNotConfigured"),
      message: "https://console.cloud.google.com/apis/library/drive.googleapis.com",
    },
    {
      status: 403,
      body: driveError(403, "somethingNew", "Not today."),
      message: "Google Drive does not let the connected account do that: Not today.",
    },
    { status: 403, body: "<html>", message: "does not let the connected account do that." },
    { status: 403, body: driveError(403, "constructor"), message: "do that: It is constructor." },
    { status: 404, body: driveError(404, "notFound"), message: "folder or shared drive is not" },
    { status: 410, body: driveError(410, "gone"), message: "folder or shared drive is not" },
    { status: 418, body: { error: "teapot" }, message: "refused the request with status 418." },
  ])("says what to do: $status $message", async ({ status, body, message }) => {
    const { call, service, reauths } = await openGoogleDrive();
    service.reply(FILES, { status, body });
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining(message),
    });
    expect(service.requests).toHaveLength(1);
    expect(reauths()).toBe(0);
  });

  it("is repeated in one line of bearable length, without the token", async () => {
    const { call, service } = await openGoogleDrive();
    const message = `Bad\n token ${TOKEN} ${"x".repeat(1_000)}`;
    service.reply(FILES, { status: 403, body: driveError(403, TOKEN, message) });
    const error: unknown = await call("search_files").catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(/do that: Bad token \[token\] x{200,300}….$/);
  });
});
