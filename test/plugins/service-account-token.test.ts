import { setTimeout as sleep } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import type { Reply } from "../helpers/loopback-service.ts";
import {
  accessToken,
  createKeys,
  ISSUER,
  KEY_ID,
  KEYS,
  serviceAccount,
  TOKEN,
  tokenAnswer,
} from "./service-account-host.ts";

const ITEMS = "GET /api/v1/items";
const ASK = { path: "/items" };
const reply = (at: number, changes?: Record<string, unknown>): Reply => ({
  body: tokenAnswer(at, changes),
});
const bearer = (at: number) => `Bearer ${accessToken(at)}`;

describe("the assertion", () => {
  it.each(["RS256", "ES256", "EdDSA"] as const)(
    "says who asks whom for what, signed by %s",
    async (algorithm) => {
      const keys = await createKeys(algorithm);
      const { call, service, assertions } = await serviceAccount({
        config: { algorithm, scope: "items.read items.write" },
        credentials: { private_key: keys.pem, issuer: ISSUER, key_id: KEY_ID },
      });
      service.reply(ITEMS, { body: [] });
      const before = Math.floor(Date.now() / 1_000);
      await call("get", ASK);
      const after = Math.ceil(Date.now() / 1_000);
      const [assertion] = assertions();
      const { payload, protectedHeader } = await keys.verify(assertion!);
      const tokenUrl = `${service.baseUrl}/oauth/token`;
      const { iat = 0, exp, jti, ...claims } = payload;
      expect(claims).toEqual({
        iss: ISSUER,
        sub: ISSUER,
        aud: tokenUrl,
        scope: "items.read items.write",
      });
      expect(protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: KEY_ID });
      expect(iat).toBeGreaterThanOrEqual(before);
      expect(iat).toBeLessThanOrEqual(after);
      expect(exp).toBe(iat + 300);
      expect(jti).toMatch(/^.{16,}$/);
    },
  );

  it("goes to the token endpoint as RFC 7523 has it", async () => {
    const { call, service, assertions } = await serviceAccount({ config: { scope: "items.read" } });
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    const [request] = service.requests;
    expect(request?.headers["content-type"]).toContain("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(request?.text))).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: assertions()[0],
      scope: "items.read",
    });
    expect(request?.headers).not.toHaveProperty("authorization");
  });

  it("takes audience and subject from the settings, and says no more than it was told", async () => {
    const { call, service, assertions } = await serviceAccount({
      config: { audience: "https://issuer.example", subject: "ann@example.org" },
      credentials: { private_key: KEYS.pem, issuer: ISSUER },
    });
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    const { payload } = await KEYS.verify(assertions()[0]!);
    expect(payload).toMatchObject({
      iss: ISSUER,
      sub: "ann@example.org",
      aud: "https://issuer.example",
    });
    expect(payload).not.toHaveProperty("scope");
    expect(decodeProtectedHeader(assertions()[0]!)).toEqual({ alg: "ES256", typ: "JWT" });
    expect(new URLSearchParams(service.requests[0]?.text).has("scope")).toBe(false);
  });

  it("is a new one for each try", async () => {
    const { call, service, assertions } = await serviceAccount();
    service.reply(TOKEN, { status: 503, body: {} }, reply(1));
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    expect(new Set(assertions()).size).toBe(2);
  });
});

describe("the access token", () => {
  it("serves call after call", async () => {
    const { call, service, assertions } = await serviceAccount();
    service.reply(ITEMS, { body: [] });
    for (let at = 0; at < 3; at += 1) await call("get", ASK);
    expect(assertions()).toHaveLength(1);
    expect(service.requests.slice(1).map(({ headers }) => headers.authorization)).toEqual([
      bearer(1),
      bearer(1),
      bearer(1),
    ]);
  });

  it("is fetched once for all who ask at the same time", async () => {
    const { call, service, assertions } = await serviceAccount();
    service.reply(ITEMS, { body: [] });
    await Promise.all(Array.from({ length: 20 }, () => call("get", ASK)));
    expect(assertions()).toHaveLength(1);
    expect(service.requests).toHaveLength(21);
  });

  it("is replaced a minute before it expires, while the old one still serves", async () => {
    const clock = { now: 0 };
    const { call, service, assertions } = await serviceAccount({ clock });
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    clock.now = 3_540_000 - 1;
    await call("get", ASK);
    expect(assertions()).toHaveLength(1);
    clock.now = 3_540_000;
    await call("get", ASK);
    await sleep(100);
    expect(assertions()).toHaveLength(2);
    await call("get", ASK);
    const api = service.requests.filter(({ url }) => url.pathname === "/api/v1/items");
    expect(api.map(({ headers }) => headers.authorization)).toEqual([
      bearer(1),
      bearer(1),
      bearer(1),
      bearer(2),
    ]);
  });

  it("serves to its end when no other can be had", async () => {
    const clock = { now: 0 };
    const { call, service, host } = await serviceAccount({ clock });
    service.reply(ITEMS, { body: [] });
    service.reply(TOKEN, reply(1, { expires_in: 100 }), { status: 400, body: {} });
    await call("get", ASK);
    clock.now = 99_999;
    expect((await call("get", ASK)).structuredContent.status).toBe(200);
    await sleep(100);
    expect(host.serverLog).toMatchObject([
      { message: "Getting an access token failed", fields: { reason: "status 400" } },
    ]);
    clock.now = 100_000;
    await expect(call("get", ASK)).rejects.toThrow("gave no access token: status 400");
  });

  it.each([
    { name: "an hour", changes: {}, good: 3_539_999, over: 3_600_000 },
    { name: "the time as a text", changes: { expires_in: "10" }, good: 8_999, over: 10_000 },
    {
      name: "no time: five minutes",
      changes: { expires_in: undefined },
      good: 269_999,
      over: 300_000,
    },
    {
      name: "a year: a day",
      changes: { expires_in: 31_536_000 },
      good: 86_339_999,
      over: 86_400_000,
    },
  ])("lives as long as the service says: $name", async ({ changes, good, over }) => {
    const clock = { now: 0 };
    const { call, service, assertions } = await serviceAccount({ clock });
    service.reply(TOKEN, reply(1, changes), reply(2));
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    clock.now = good;
    await call("get", ASK);
    expect(assertions()).toHaveLength(1);
    clock.now = over;
    await call("get", ASK);
    expect(service.requests.at(-1)?.headers.authorization).toBe(bearer(2));
  });

  it("is replaced at once when the API does not take it any more", async () => {
    const { call, service, assertions } = await serviceAccount();
    service.reply(ITEMS, (response, { headers }) => {
      response.setHeader("content-type", "application/json");
      response.writeHead(headers.authorization === bearer(1) ? 401 : 200).end("[]");
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => call("get", ASK)));
    expect(answers.map(({ structuredContent }) => structuredContent.status as number)).toEqual(
      Array.from({ length: 10 }, () => 200),
    );
    expect(assertions()).toHaveLength(2);
  });

  it("is replaced at once when another account is stored, and not for another key of the same", async () => {
    const { call, service, assertions, store } = await serviceAccount();
    service.reply(ITEMS, { body: [] });
    await call("get", ASK);
    const { pem, verify } = await createKeys("ES256");
    await store("private_key", pem);
    await call("get", ASK);
    expect(assertions()).toHaveLength(1);
    await store("issuer", "other@accounts.example");
    await call("get", ASK);
    expect(service.requests.at(-1)?.headers.authorization).toBe(bearer(2));
    const { payload } = await verify(assertions()[1]!);
    expect(payload.iss).toBe("other@accounts.example");
  });

  it("is replaced once only when the API takes none", async () => {
    const { call, service, assertions } = await serviceAccount();
    service.reply(ITEMS, { status: 401, body: {} });
    await expect(call("get", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `${new URL(service.baseUrl).host} does not take the access token that it was given, not even a new one. Ask the server's administrator to look at the settings audience and scope.`,
    });
    expect(assertions()).toHaveLength(2);
    expect(service.requests).toHaveLength(4);
  });

  it("still comes for the others when the caller who waited first goes away", async () => {
    const { call, service, assertions } = await serviceAccount();
    const gone = new AbortController();
    service.reply(TOKEN, (response) => {
      gone.abort(new Error("enough"));
      setTimeout(() => response.end(JSON.stringify(tokenAnswer(1))), 50);
    });
    service.reply(ITEMS, { body: [] });
    const first = call("get", ASK, gone.signal);
    const second = call("get", ASK);
    await expect(first).rejects.toThrow("enough");
    expect((await second).structuredContent).toEqual({ status: 200, body: [] });
    expect(assertions()).toHaveLength(1);
    expect(service.requests).toHaveLength(2);
  });
});
