import { describe, expect, it } from "vitest";
import { NO_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { parseTrustedProxies } from "../../src/core/limits/client-address.ts";
import { openAdminApp } from "../helpers/admin-app.ts";
import { askedLink, openConnectApp } from "../helpers/connect-app.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { modern, modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import {
  ADMIN_TOKEN,
  CLIENT_KEY,
  createTestApp,
  OTHER_CLIENT_KEY,
  OWN_PAGE,
  withDefaults,
} from "../helpers/test-app.ts";

/** Of a session's form, though of none that there is. */
const COOKIE = `mcp-plugin-server-3000-session=${"x".repeat(43)}`;
const LOOPBACK = parseTrustedProxies("loopback");

/** A request as an adapter hands it in. */
async function from(
  app: Awaited<ReturnType<typeof createTestApp>>,
  address: string,
  path: string,
  init: Parameters<typeof withDefaults>[0],
) {
  const request = new Request(new URL(path, "http://localhost:3000"), withDefaults(init));
  return app.fetch(request, { address });
}

describe("requests", () => {
  it("of one key are as many in a minute as it may send, and the answer says how many are left", async () => {
    const time = createFakeTime();
    const app = await createTestApp({
      deps: { time, rateLimits: { ...NO_RATE_LIMITS, requests: 3 } },
    });
    const ask = () => app.request("/api/plugins", { key: ADMIN_TOKEN });
    const first = await ask();
    expect([first.headers.get("ratelimit-policy"), first.headers.get("ratelimit")]).toEqual([
      '"requests";q=3;w=60',
      '"requests";r=2;t=0',
    ]);
    await ask();
    await ask();
    const refused = await ask();
    expect([refused.status, (await refused.json()).code]).toEqual([429, "RATE_LIMITED"]);
    expect(refused.headers.get("retry-after")).toBe("20");
    // Another key has its own, and whoever watches the process is always answered.
    expect((await app.request("/mcp", modernRequest("tools/list"))).status).toBe(200);
    for (let tries = 0; tries < 10; tries++) {
      expect((await app.request("/healthz", { key: null })).status).toBe(200);
    }
    await time.advance(20_000);
    expect((await ask()).status).toBe(200);
  });

  it("of MCP say in each answer, refused or not, how many are left", async () => {
    const app = await createTestApp({ deps: { rateLimits: { ...NO_RATE_LIMITS, requests: 2 } } });
    const rate = async (method: string) => {
      const { status, headers } = await app.request("/mcp", modernRequest(method));
      return [status, headers.get("ratelimit-policy"), headers.get("ratelimit")?.slice(0, 14)];
    };
    const policy = '"requests";q=2;w=60';
    expect(await rate("tools/list")).toEqual([200, policy, '"requests";r=1']);
    expect(await rate("no/such")).toEqual([404, policy, '"requests";r=0']);
    expect(await rate("tools/list")).toEqual([429, policy, '"requests";r=0']);
  });

  it.each<[string, "anonymous" | "requests", Parameters<typeof withDefaults>[0]]>([
    ["of a key that may not", "requests", { key: CLIENT_KEY }],
    ["with a foreign Host", "anonymous", { headers: { host: "evil.example" } }],
    ["of a foreign page", "anonymous", { headers: { origin: "https://evil.example" } }],
    [
      "of another site's page, with a session",
      "anonymous",
      { key: null, headers: { cookie: COOKIE } },
    ],
  ])("that are refused count, too: %s", async (_what, kind, init) => {
    const app = await createTestApp({ deps: { rateLimits: { ...NO_RATE_LIMITS, [kind]: 2 } } });
    const ask = async () => (await from(app, "203.0.113.1", "/api/plugins", init)).status;
    expect([await ask(), await ask(), await ask()]).toEqual([403, 403, 429]);
  });

  it.each([
    ["that come too often", { requests: 1 }, ADMIN_TOKEN, 429],
    ["with a key that may not", {}, CLIENT_KEY, 403],
    ["with keys that were refused too often", { failures: 1 }, "mcpk_a_guess_of_0123456789", 429],
  ])("%s can be read by a page that may ask", async (_what, limits, key, status) => {
    const app = await createTestApp({ deps: { rateLimits: { ...NO_RATE_LIMITS, ...limits } } });
    const origin = "http://localhost:5173";
    const ask = () => from(app, "203.0.113.1", "/api/plugins", { key, headers: { origin } });
    await ask();
    const refused = await ask();
    expect(refused.status).toBe(status);
    expect(refused.headers.get("access-control-allow-origin")).toBe(origin);
    const foreign = { origin: "https://evil.example" };
    const other = await from(app, "203.0.113.1", "/api/plugins", { key, headers: foreign });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("without a key are counted by address", async () => {
    const app = await createTestApp({ deps: { rateLimits: { ...NO_RATE_LIMITS, anonymous: 2 } } });
    const ask = async (address: string) =>
      (await from(app, address, "/openapi.json", { key: null })).status;
    expect([await ask("203.0.113.1"), await ask("203.0.113.1"), await ask("203.0.113.1")]).toEqual([
      200, 200, 429,
    ]);
    expect(await ask("203.0.113.2")).toBe(200);
    // Whoever watches the process is not counted among them.
    for (let tries = 0; tries < 5; tries++) {
      expect((await from(app, "203.0.113.1", "/healthz", { key: null })).status).toBe(200);
    }
  });
});

describe("keys that are refused", () => {
  const limits = { rateLimits: { ...NO_RATE_LIMITS, failures: 5 } };
  const guess = { key: "mcpk_a_guess_of_somebody_0123456789" };

  it("are answered with 429 when they were too many, and a good one is taken all the same", async () => {
    const app = await createTestApp({ deps: limits });
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries++) {
      statuses.push((await from(app, "203.0.113.1", "/api/plugins", guess)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const good = await from(app, "203.0.113.1", "/api/plugins", { key: ADMIN_TOKEN });
    expect(good.status).toBe(200);
  });

  it.each([
    ["by anybody", [], 100],
    ["by a proxy that is trusted", LOOPBACK.ok ? LOOPBACK.value : [], 0],
  ])("do not count less for a forged X-Forwarded-For %s", async (_, trustedProxies, refused) => {
    const app = await createTestApp({ deps: { ...limits, trustedProxies } });
    const address = "127.0.0.1";
    let tooMany = 0;
    for (let tries = 0; tries < 105; tries++) {
      const headers = { "x-forwarded-for": `198.51.${tries}.7` };
      const { status } = await from(app, address, "/api/plugins", { ...guess, headers });
      if (status === 429) tooMany++;
    }
    expect(tooMany).toBe(refused);
  });
});

describe("secrets that a page or its form sends", () => {
  const rateLimits = { ...NO_RATE_LIMITS, failures: 5 };
  const address = "203.0.113.1";

  it("to sign in are guessed no more often than keys in a header, and with these together", async () => {
    const app = await createTestApp({ deps: { rateLimits } });
    const signIn = async (token: string) => {
      const headers = { ...OWN_PAGE, "content-type": "application/json" };
      const body = JSON.stringify({ token });
      const init = { method: "POST", key: null, headers, body };
      return (await from(app, address, "/api/session", init)).status;
    };
    const statuses: number[] = [];
    for (let tries = 0; tries < 5; tries++) statuses.push(await signIn(`a-guess-${tries}`));
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    // A good key of another kind tells the guesser nothing to guess on.
    expect([await signIn("a-guess-5"), await signIn(CLIENT_KEY)]).toEqual([429, 403]);
    const inHeader = { key: "mcpk_a_guess_of_somebody_0123456789" };
    expect((await from(app, address, "/api/plugins", inHeader)).status).toBe(429);
    expect(await signIn(ADMIN_TOKEN)).toBe(200);
  });

  it("to connect an account are guessed no more often, either", async () => {
    const { app } = await openConnectApp({ deps: { rateLimits } });
    const { link } = await askedLink(app);
    const guess = async (secret: string) => {
      const body = new URLSearchParams({ secret });
      const init = { method: "POST", key: null, headers: OWN_PAGE, body };
      const response = await from(app, address, new URL(link).pathname, init);
      return [response.status, response.headers.get("content-type")];
    };
    for (let tries = 0; tries < 5; tries++) {
      expect(await guess(`a-guess-${tries}`)).toEqual([403, "text/html; charset=utf-8"]);
    }
    expect(await guess("a-guess-5")).toEqual([429, "text/html; charset=utf-8"]);
    expect((await guess(OTHER_CLIENT_KEY))[0]).toBe(403);
    expect((await guess(ADMIN_TOKEN))[0]).toBe(200);
  });
});

describe("tool calls", () => {
  const plugins = { one: () => testPlugin({ tools: { echo: async () => "done" } }) };
  const call = async (app: Awaited<ReturnType<typeof createTestApp>>, key: string) => {
    const { body } = await modern(app, "tools/call", { name: "one_echo", arguments: {} }, { key });
    return body.result.isError === true ? (body.result.content[0].text as string) : "done";
  };

  it("are as many in a minute as everybody may make", async () => {
    const rateLimits = { ...NO_RATE_LIMITS, calls: 2 };
    const app = await createTestApp({ plugins, deps: { rateLimits } });
    expect([await call(app, CLIENT_KEY), await call(app, CLIENT_KEY)]).toEqual(["done", "done"]);
    expect(await call(app, CLIENT_KEY)).toMatch(
      /^Too many calls: 2 in a minute are allowed\. Try again in \d+ s\.$/,
    );
  });

  it("are as many as its key says, of one that has a limit of its own", async () => {
    const app = await openAdminApp({ plugins });
    const { secret } = (await app.admin("POST /api/clients", { name: "slow", callsPerMinute: 1 }))
      .json;
    expect(await call(app, secret)).toBe("done");
    expect(await call(app, secret)).toContain("1 in a minute");
    expect([await call(app, CLIENT_KEY), await call(app, CLIENT_KEY)]).toEqual(["done", "done"]);
  });
});

describe("a server that cannot keep up", () => {
  it("refuses a part of the requests and says when to come back, but answers whoever watches it", async () => {
    const app = await createTestApp({ deps: { loadMeter: { delayMs: () => 10_000 } } });
    const statuses = new Map<number, number>();
    const waits = new Set<string | null>();
    for (let tries = 0; tries < 300; tries++) {
      const response = await app.request("/api/plugins", { key: ADMIN_TOKEN });
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      waits.add(response.headers.get("retry-after"));
      expect((await app.request("/healthz", { key: null })).status).toBe(200);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 200: 30, 503: 270 });
    expect(waits).toEqual(new Set([null, "5"]));
  });
});

describe("answers", () => {
  it.each([
    ["of the admin API", "/api/plugins", 200],
    ["that refuse an MCP client", "/mcp", 403],
  ])("%s tell browsers to load nothing, guess nothing and frame nothing", async (_, path, code) => {
    const app = await createTestApp({ publicUrl: () => "https://localhost" });
    const { status, headers } = await app.request(path, { key: ADMIN_TOKEN });
    expect(status).toBe(code);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "strict-transport-security": "max-age=31536000",
      "cache-control": "no-store",
    });
    const page = await app.request("/connect/nothing", { key: null });
    expect(page.headers.get("content-security-policy")).toContain("style-src 'sha256-");
  });

  it("may be read by pages of the origins that may ask, and of no others", async () => {
    const app = await createTestApp();
    const origin = "http://localhost:5173";
    const own = await app.request("/mcp", modernRequest("tools/list", {}, { headers: { origin } }));
    expect(own.headers.get("access-control-allow-origin")).toBe(origin);
    expect(own.headers.get("vary")).toBe("Origin");
    expect(own.headers.get("access-control-allow-credentials")).toBeNull();
    const foreign = await app.request("/mcp", {
      ...modernRequest("tools/list", {}, { headers: { origin: "https://evil.example" } }),
    });
    expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([
      403,
      null,
    ]);
  });

  it.each([
    ["/mcp", "POST"],
    ["/api/plugins", "GET"],
    ["/api/clients/x", "PUT"],
  ])("to a browser that asks about %s say what a page may send", async (path, method) => {
    const app = await createTestApp();
    const ask = (origin: string) =>
      app.request(path, {
        method: "OPTIONS",
        key: null,
        headers: {
          origin,
          "access-control-request-method": method,
          "access-control-request-headers": "authorization, mcp-param-region, x-anything",
        },
      });
    const own = await ask("http://localhost:5173");
    expect(own.status).toBe(204);
    expect(own.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
    const allowed = own.headers.get("access-control-allow-headers")!;
    expect(allowed).toContain("Authorization");
    expect(allowed).toContain("mcp-param-region");
    expect(allowed).not.toContain("x-anything");
    const foreign = await ask("https://evil.example");
    expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([
      403,
      null,
    ]);
  });
});
