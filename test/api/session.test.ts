import { describe, expect, it } from "vitest";
import { openAdminApp, type AdminApp } from "../helpers/admin-app.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { signIn } from "../helpers/sign-in.ts";
import { ADMIN_TOKEN, CLIENT_KEY, OWN_PAGE } from "../helpers/test-app.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** A request of a page, by the session alone. */
async function byPage(app: AdminApp, route: string, headers: Record<string, string>) {
  const [method = "", path = ""] = route.split(" ");
  const body = method === "POST" ? JSON.stringify({ name: "of a page" }) : null;
  const init = { method, body, key: null, headers: { ...JSON_TYPE, ...headers } };
  const response = await app.request(path, init);
  const text = await response.text();
  return {
    status: response.status,
    code: text.startsWith("{") ? JSON.parse(text).code : null,
    cookie: response.headers.get("set-cookie"),
  };
}

describe("signing in", () => {
  it("gives a browser a session that scripts cannot read, and a page the token for its changes", async () => {
    const app = await openAdminApp();
    const { response, session } = await signIn(app);
    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toMatch(
      /^mcp-plugin-server[a-z0-9-]*-session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/,
    );
    expect(session).toMatchObject({ id: "admin-1", csrfToken: expect.stringMatching(/^.{43}$/) });
    expect(session.scopes).toContain("keys:write");
  });

  it.each([
    ["a token that nobody has", "mcpa_nobody_has_this_one_0123456789", 401],
    ["the key of a client", CLIENT_KEY, 403],
  ])("is not done by %s", async (_, token, status) => {
    const { response } = await signIn(await openAdminApp(), token);
    expect([response.status, response.headers.get("set-cookie")]).toEqual([status, null]);
  });

  it.each([
    ["a foreign page", { origin: "http://localhost:4000", "sec-fetch-site": "same-site" }],
    ["no page at all", {}],
    ["a page that hides where it is", { origin: "null", "sec-fetch-site": "cross-site" }],
  ])("is not done for %s", async (_, headers) => {
    const app = await openAdminApp();
    const response = await app.request("/api/session", {
      method: "POST",
      key: null,
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    });
    expect(response.status).toBe(403);
    expect(response.headers.get("set-cookie")).toBeNull();
  });
});

describe("a session", () => {
  it("lets a page read, and change with its token", async () => {
    const app = await openAdminApp();
    const { cookie, session } = await signIn(app);
    const own = { ...OWN_PAGE, cookie };
    expect((await byPage(app, "GET /api/plugins", own)).status).toBe(200);
    const changing = { ...own, "x-csrf-token": session.csrfToken };
    expect((await byPage(app, "POST /api/clients", changing)).status).toBe(201);
  });

  it.each<[what: string, route: string, change: (own: Record<string, string>) => void]>([
    ["a change without the token", "POST /api/clients", (own) => delete own["x-csrf-token"]],
    ["a change with an empty token", "POST /api/clients", (own) => (own["x-csrf-token"] = "")],
    [
      "a change with another token",
      "POST /api/clients",
      (own) => (own["x-csrf-token"] = "x".repeat(43)),
    ],
    ["a change that does not say from where", "POST /api/clients", (own) => delete own["origin"]],
    [
      "a change from a foreign page",
      "POST /api/clients",
      (own) => (own["origin"] = "http://localhost:4000"),
    ],
    [
      "a change from a sibling site",
      "POST /api/clients",
      (own) => (own["sec-fetch-site"] = "same-site"),
    ],
    [
      "reading from a foreign site",
      "GET /api/plugins",
      (own) => (own["sec-fetch-site"] = "cross-site"),
    ],
    [
      "a link from elsewhere",
      "GET /api/auth/oauth/initiate/x",
      (own) => (own["sec-fetch-site"] = "none"),
    ],
    ["a browser that does not say", "GET /api/plugins", (own) => delete own["sec-fetch-site"]],
  ])("does not stand for %s", async (_, route, change) => {
    const app = await openAdminApp();
    const { cookie, session } = await signIn(app);
    const own: Record<string, string> = {
      ...OWN_PAGE,
      cookie,
      "x-csrf-token": session.csrfToken,
    };
    change(own);
    const { status, code } = await byPage(app, route, own);
    expect([status, code]).toEqual([403, "CSRF_REFUSED"]);
    expect((await app.admin("GET /api/clients")).json.data).toHaveLength(2);
  });

  it("is of no use at /mcp", async () => {
    const app = await openAdminApp();
    const { cookie, session } = await signIn(app);
    const own = { ...OWN_PAGE, cookie, "x-csrf-token": session.csrfToken };
    expect((await byPage(app, "POST /mcp", own)).status).toBe(401);
  });

  it.each([
    ["a key of a client", CLIENT_KEY, 403],
    ["a token that nobody has", "mcpa_nobody_has_this_one_0123456789", 401],
  ])("does not step in for %s that a request names", async (_, token, status) => {
    const app = await openAdminApp();
    const { cookie } = await signIn(app);
    const own = { ...OWN_PAGE, cookie, authorization: `Bearer ${token}` };
    expect((await byPage(app, "GET /api/plugins", own)).status).toBe(status);
  });

  it("ends after an hour without use, and after twelve with", async () => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    const idle = await signIn(app);
    const used = await signIn(app);
    let cookie = used.cookie;
    const read = async (own: string) => {
      const answer = await byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie: own });
      cookie = answer.cookie?.split(";")[0] ?? cookie;
      return answer.status;
    };
    for (let minutes = 0; minutes < 12 * 60 - 30; minutes += 30) {
      await time.advance(30 * 60_000);
      expect([minutes, await read(cookie)]).toEqual([minutes, 200]);
    }
    const beforeIdle = cookie;
    expect(await read(idle.cookie)).toBe(401);
    cookie = beforeIdle;
    await time.advance(30 * 60_000);
    expect(await read(cookie)).toBe(401);
  });

  it("changes its secret every quarter of an hour; the old one lasts for what is under way", async () => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    const { cookie, session } = await signIn(app);
    await time.advance(15 * 60_000);
    const own = { ...OWN_PAGE, cookie };
    const [first, second] = await Promise.all([
      byPage(app, "GET /api/plugins", own),
      byPage(app, "GET /api/plugins", own),
    ]);
    expect([first.status, second.status]).toEqual([200, 200]);
    const renewed = [first.cookie, second.cookie].filter((set) => set !== null);
    expect(renewed).toHaveLength(1);
    const next = renewed[0]!.split(";")[0]!;
    expect(next).not.toBe(cookie);
    await time.advance(59_000);
    expect(await byPage(app, "GET /api/plugins", own)).toMatchObject({ status: 200, cookie: null });
    await time.advance(1_000);
    expect((await byPage(app, "GET /api/plugins", own)).status).toBe(401);
    // The page need not ask for another token.
    const changing = { ...OWN_PAGE, cookie: next, "x-csrf-token": session.csrfToken };
    expect((await byPage(app, "POST /api/clients", changing)).status).toBe(201);
  });

  it("counts as used from its last use, not from its last secret", async () => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    const { cookie } = await signIn(app);
    const ask = () => byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie });
    await time.advance(14 * 60_000);
    expect(await ask()).toMatchObject({ status: 200, cookie: null });
    await time.advance(56 * 60_000);
    expect((await ask()).status).toBe(200);
  });

  it("ends after twelve hours for an old secret, too, though that was to last a minute more", async () => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    let { cookie } = await signIn(app);
    const ask = (own: string) => byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie: own });
    const STEP_MS = 30 * 60_000;
    const LAST_MS = 12 * 60 * 60_000 - 30_000;
    for (let spent = 0; spent + STEP_MS < LAST_MS; spent += STEP_MS) {
      await time.advance(STEP_MS);
      cookie = (await ask(cookie)).cookie!.split(";")[0]!;
    }
    await time.advance(STEP_MS - 30_000);
    const renewed = await ask(cookie);
    expect([renewed.status, renewed.cookie]).toEqual([200, expect.any(String)]);
    await time.advance(29_000);
    expect((await ask(cookie)).status).toBe(200);
    await time.advance(1_000);
    expect((await ask(cookie)).status).toBe(401);
  });

  it.each<[what: string, minutes: number, isAsked: boolean]>([
    ["the secret before the last, which is still good for a minute", 15, true],
    ["a secret that is to be renewed just then", 15, false],
    ["the latest", 14, true],
  ])("ends with signing out by %s", async (_, minutes, isAsked) => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    const { cookie, session } = await signIn(app);
    const other = await signIn(app);
    await time.advance(minutes * 60_000);
    const own = { ...OWN_PAGE, cookie, "x-csrf-token": session.csrfToken };
    const asked = isAsked ? await byPage(app, "GET /api/plugins", own) : null;
    const out = await byPage(app, "DELETE /api/session", own);
    expect(out.status).toBe(204);
    for (const set of [cookie, asked?.cookie, out.cookie]) {
      if (typeof set !== "string") continue;
      const held = { ...OWN_PAGE, cookie: set.split(", ").at(-1)!.split(";")[0]! };
      expect((await byPage(app, "GET /api/plugins", held)).status).toBe(401);
    }
    const others = { ...OWN_PAGE, cookie: other.cookie };
    expect((await byPage(app, "GET /api/plugins", others)).status).toBe(200);
  });

  it("ends when its token is revoked", async () => {
    const app = await openAdminApp();
    const { id, secret } = (await app.admin("POST /api/tokens", { name: "t", scopes: ["admin"] }))
      .json;
    const { cookie } = await signIn(app, secret);
    expect((await byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie })).status).toBe(200);
    await app.admin(`DELETE /api/tokens/${id}`);
    expect((await byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie })).status).toBe(401);
  });

  it("ends everywhere, also for a script with the token", async () => {
    const app = await openAdminApp();
    const { cookie } = await signIn(app);
    const own = { ...OWN_PAGE, cookie };
    expect((await app.admin("DELETE /api/session")).status).toBe(204);
    expect((await byPage(app, "GET /api/plugins", own)).status).toBe(200);
    expect((await app.admin("DELETE /api/session?everywhere=true")).status).toBe(204);
    expect((await byPage(app, "GET /api/plugins", own)).status).toBe(401);
  });

  it.each([
    ["", [401, 200]],
    ["?everywhere=true", [401, 401]],
  ])("ends with signing out%s", async (query, statuses) => {
    const app = await openAdminApp();
    const here = await signIn(app);
    const there = await signIn(app);
    const own = { ...OWN_PAGE, cookie: here.cookie, "x-csrf-token": here.session.csrfToken };
    const out = await byPage(app, `DELETE /api/session${query}`, own);
    expect(out.status).toBe(204);
    expect(out.cookie).toContain("Max-Age=0");
    const after = [];
    for (const { cookie } of [here, there]) {
      after.push((await byPage(app, "GET /api/plugins", { ...OWN_PAGE, cookie })).status);
    }
    expect(after).toEqual(statuses);
  });
});
