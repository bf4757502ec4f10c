import { describe, expect, it } from "vitest";
import { createCookies } from "../../src/api/cookies.ts";
import { createGate } from "../../src/api/middleware/gate.ts";
import { UNKNOWN_ASKER } from "../../src/core/auth/question-slots.ts";
import { NO_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { openAdminApp } from "../helpers/admin-app.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { signIn } from "../helpers/sign-in.ts";
import { OWN_PAGE, PUBLIC_URL, type TestAppOptions } from "../helpers/test-app.ts";

const MINUTE = 60_000;

/** A browser with a session, and a page in it. */
async function openBrowser(deps: TestAppOptions["deps"] = {}, scopes = ["admin"]) {
  const time = createFakeTime();
  const app = await openAdminApp({ deps: { time, ...deps } });
  const made = await app.admin("POST /api/tokens", { name: "t", scopes });
  const signedIn = await signIn(app, made.json.secret);
  let { cookie } = signedIn;
  async function ask(route: string, body?: unknown) {
    const [method = "", path = ""] = route.split(" ");
    const response = await app.request(path, {
      method,
      key: null,
      headers: {
        ...OWN_PAGE,
        cookie,
        "x-csrf-token": signedIn.session.csrfToken,
        "content-type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const set = response.headers.getSetCookie().at(-1);
    if (set !== undefined) cookie = set.split(";")[0]!;
    return response;
  }
  return { app, time, ask, secret: made.json.secret as string };
}

/** Reads a stream until it ends. */
function follow({ body }: Response) {
  const state = { isOver: false };
  const reader = body!.getReader();
  void (async () => {
    while (!(await reader.read()).done);
    state.isOver = true;
  })();
  return state;
}

describe("a session whose secret is due for another", () => {
  it.each<[what: string, status: number, route: string, body?: unknown]>([
    ["is let do something", 200, "GET /api/plugins"],
    ["may not do something", 403, "POST /api/clients", { name: "c" }],
    ["is answered with a fault", 404, "GET /api/plugins/nobody"],
  ])("goes on when it %s", async (_, status, route, body) => {
    const { time, ask } = await openBrowser({}, ["viewer"]);
    await time.advance(15 * MINUTE);
    const response = await ask(route, body);
    await response.body?.cancel();
    expect(response.status).toBe(status);
    await time.advance(61_000);
    expect((await ask("GET /api/session")).status).toBe(200);
  });

  it("goes on when it asks too often", async () => {
    const rateLimits = { ...NO_RATE_LIMITS, requests: 1 };
    const { time, ask } = await openBrowser({ rateLimits });
    await time.advance(15 * MINUTE - 30_000);
    expect((await ask("GET /api/session")).status).toBe(200);
    await time.advance(30_000);
    expect((await ask("GET /api/session")).status).toBe(429);
    await time.advance(61_000);
    expect((await ask("GET /api/session")).status).toBe(200);
  });
});

describe("what a session has open", () => {
  it.each<[what: string, route: string]>([
    ["out", "DELETE /api/session"],
    ["out everywhere", "DELETE /api/session?everywhere=true"],
  ])("ends with signing %s", async (_, route) => {
    const { time, ask } = await openBrowser();
    const stream = follow(await ask("GET /api/events"));
    await time.advance(MINUTE);
    expect(stream.isOver).toBe(false);
    expect((await ask(route)).status).toBe(204);
    await expect.poll(() => stream.isOver).toBe(true);
  });

  it("ends after an hour in which only that was used", async () => {
    const { time, ask } = await openBrowser();
    const stream = follow(await ask("GET /api/events"));
    await time.advance(59 * MINUTE);
    expect(stream.isOver).toBe(false);
    await time.advance(2 * MINUTE);
    expect(stream.isOver).toBe(true);
  });

  it("ends after twelve hours, whatever else the session does", async () => {
    const { time, ask } = await openBrowser();
    const stream = follow(await ask("GET /api/events"));
    for (let minutes = 0; minutes < 12 * 60 - 30; minutes += 30) {
      await time.advance(30 * MINUTE);
      expect((await ask("GET /api/session")).status).toBe(200);
    }
    expect(stream.isOver).toBe(false);
    await time.advance(31 * MINUTE);
    expect(stream.isOver).toBe(true);
  });
});

describe("signing in", () => {
  it("is in the audit record, with whose token it was", async () => {
    const audit = createRecordingAudit();
    const { app, secret } = await openBrowser({ audit });
    await signIn(app, secret);
    const begun = audit.entries.filter(({ action }) => action === "session.begin");
    expect(begun).toHaveLength(2);
    expect(begun[0]).toEqual({
      actor: expect.stringMatching(/^user:/) as string,
      action: "session.begin",
      instanceId: null,
      subject: null,
      outcome: "ok",
      requestId: expect.any(String) as string,
      detail: {},
    });
  });
});

it("lets nobody in whose key has ended by the time that all is looked at", async () => {
  const person = { kind: "user", id: "admin-1", scopes: ["plugins:read"] } as const;
  const gate = createGate({
    config: { allowedHosts: ["localhost"], allowedOrigins: [], auth: "keys", sse: true },
    keys: { authenticate: async () => person, lifeOf: () => AbortSignal.abort() },
    accessTokens: null,
    signIns: { find: async () => null, renew: async () => null, watch: () => () => {} },
    cookies: createCookies(() => PUBLIC_URL),
    publicUrl: () => PUBLIC_URL,
  });
  const headers = new Headers({ host: "localhost", authorization: "Bearer secret" });
  expect(await gate({ method: "GET", headers }, "plugins:read", UNKNOWN_ASKER)).toEqual({
    ok: false,
    reason: "UNAUTHENTICATED",
  });
});
