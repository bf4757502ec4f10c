import { describe, expect, it } from "vitest";
import type { LoopbackAnswer } from "../../helpers/loopback-server.ts";
import { createFixture, toSpec } from "./oauth-fixture.ts";
import { GOOD, openTokenEndpoint } from "./oauth-token-endpoint.ts";

describe("a refusal of a token endpoint", () => {
  it.each<[string, LoopbackAnswer, number | undefined]>([
    ["429", { status: 429 }, undefined],
    ["429 with seconds", { status: 429, headers: { "retry-after": "7" } }, 7000],
    ["503 with a fraction", { status: 503, headers: { "retry-after": "1.5" } }, 1500],
    ["503 with zero", { status: 503, headers: { "retry-after": "0" } }, 0],
    ["503 with a year", { status: 503, headers: { "retry-after": "31536000" } }, 3_600_000],
    ["503 with nonsense", { status: 503, headers: { "retry-after": "later" } }, undefined],
    [
      "503 with a date long gone",
      { status: 503, headers: { "retry-after": "Mon, 01 Jan 2024 00:00:00 GMT" } },
      0,
    ],
    ["500 with HTML", { status: 500, body: "<html>" }, undefined],
    [
      "502 with an error that would mean the end",
      { status: 502, body: { error: "invalid_grant" } },
      undefined,
    ],
    ["408", { status: 408 }, undefined],
    [
      "a server error in OAuth's words",
      { status: 400, body: { error: "temporarily_unavailable" } },
      undefined,
    ],
  ])("that is %s is worth another try", async (_what, answer, retryAfterMs) => {
    const { spec } = await openTokenEndpoint(answer);
    const { client } = createFixture();
    const refused = await client.refresh(spec, "a-refresh-token", "read");
    expect(refused).toMatchObject({ ok: false, reason: { kind: "temporary" } });
    expect(!refused.ok && refused.reason.retryAfterMs).toBe(retryAfterMs);
  });

  it("whose time to wait is a date is worth another try then", async () => {
    const { client, time } = createFixture();
    const date = new Date(Math.ceil(time.now() / 1000) * 1000 + 5000);
    const { spec } = await openTokenEndpoint({
      status: 429,
      headers: { "retry-after": date.toUTCString() },
    });
    await expect(client.refresh(spec, "a-refresh-token", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "temporary", retryAfterMs: date.getTime() - time.now() },
    });
  });

  it("that does not come is worth another try", async () => {
    const { spec, server } = await openTokenEndpoint({ mode: "silent" });
    const { client, outbound } = createFixture();
    const fetch = outbound.fetch.bind(outbound);
    const limits: (number | undefined)[] = [];
    outbound.fetch = (request) => {
      limits.push(request.timeoutMs, request.maxBytes);
      return fetch({ ...request, timeoutMs: 50 });
    };
    await expect(client.refresh(spec, "a-refresh-token", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "temporary" },
    });
    expect(limits).toEqual([10_000, 65_536]);
    expect(server.requests).toHaveLength(1);
  });

  it("of a server that is not there is worth another try, and of one that may not be asked is not", async () => {
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { urls: { authorization: "https://a.test/a", token: "https://a.test/t" } },
      settings: { clientId: "client" },
    });
    await expect(client.refresh(spec, "a-refresh-token", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "misconfigured" },
    });
    const urls = { authorization: "http://127.0.0.1:9/a", token: "http://127.0.0.1:9/t" };
    const gone = toSpec({ declared: { urls }, settings: { clientId: "client" } });
    await expect(client.refresh(gone.spec, "a-refresh-token", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "temporary" },
    });
  });

  it.each<[string, LoopbackAnswer, string]>([
    ["invalid_grant", { status: 400, body: { error: "invalid_grant" } }, "invalid-grant"],
    ["invalid_client", { status: 401, body: { error: "invalid_client" } }, "misconfigured"],
    [
      "invalid_client with a challenge",
      {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="token", error="invalid_client"' },
        body: { error: "invalid_client" },
      },
      "misconfigured",
    ],
    [
      "unauthorized_client",
      { status: 400, body: { error: "unauthorized_client" } },
      "misconfigured",
    ],
    ["access_denied with 401", { status: 401, body: { error: "access_denied" } }, "misconfigured"],
    ["access_denied", { status: 403, body: { error: "access_denied" } }, "denied"],
    ["invalid_scope", { status: 400, body: { error: "invalid_scope" } }, "misconfigured"],
    ["invalid_target", { status: 400, body: { error: "invalid_target" } }, "misconfigured"],
    ["invalid_request", { status: 400, body: { error: "invalid_request" } }, "misconfigured"],
    ["an error with 200", { body: { error: "invalid_grant" } }, "invalid-grant"],
    ["an error beside a token", { body: { ...GOOD, error: "invalid_grant" } }, "invalid-grant"],
  ])("with %s says so", async (_name, answer, kind) => {
    const { spec } = await openTokenEndpoint(answer);
    const { client } = createFixture();
    await expect(client.refresh(spec, "a-refresh-token", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind },
    });
  });

  it("has its own words in the log alone, without what may be a secret", async () => {
    const description = `\u001b[31mThe token ${"s3cr3t".repeat(8)} is\r\nno good`;
    const { spec } = await openTokenEndpoint({
      status: 400,
      body: { error: "invalid_grant", error_description: description },
    });
    const { client, logger } = createFixture();
    const refused = await client.refresh(spec, "a-refresh-token", "");
    expect(JSON.stringify(refused)).not.toContain("no good");
    expect(logger.records.map(({ fields }) => fields)).toEqual([
      {
        instanceId: "work",
        provider: expect.any(String),
        kind: "invalid-grant",
        error: "invalid_grant",
        description: " [31mThe token … is  no good",
      },
    ]);
  });
});
