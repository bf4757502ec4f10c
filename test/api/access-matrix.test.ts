import { describe, expect, it } from "vitest";
import type { RoutePolicy } from "../../src/api/middleware/gate.ts";
import { expandScopes, ROLE_NAMES, SCOPES } from "../../src/core/auth/roles.ts";
import { openAdminApp, type AdminApp } from "../helpers/admin-app.ts";
import { NO_TRAIL } from "../helpers/no-trail.ts";
import { ADMIN_TOKEN, CLIENT_KEY, OWN_PAGE } from "../helpers/test-app.ts";

/** A request to every route by everybody who must not get through: none does. One that may shows that it is no dead end. */

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

type Row = Pick<AdminApp["routes"][number], "method" | "path" | "policy">;

async function open() {
  const app = await openAdminApp({ deps: { auditTrail: NO_TRAIL } });
  const token = async (scopes: readonly string[], more: object = {}) =>
    (await app.admin("POST /api/tokens", { name: "t", scopes, ...more })).json.secret as string;
  const signedIn = await app.request("/api/session", {
    method: "POST",
    key: null,
    headers: { ...OWN_PAGE, "content-type": "application/json" },
    body: JSON.stringify({ token: ADMIN_TOKEN }),
  });
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
  const expired = await token(["admin", "auditor"], { expiresAt: 1 });
  const revoked = await app.admin("POST /api/tokens", { name: "t", scopes: ["admin"] });
  await app.admin(`DELETE /api/tokens/${revoked.json.id}`);
  return { app, token, cookie, csrfToken, expired, revoked: revoked.json.secret as string };
}

/** What each of them sends for a route, by what they are; `null` when they may use it. */
function intruders(
  { cookie, csrfToken, expired, revoked }: Awaited<ReturnType<typeof open>>,
  tokens: ReadonlyMap<string, string>,
  { policy }: Row,
  method: string,
): [what: string, headers: Record<string, string>][] {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const session = { ...OWN_PAGE, cookie, "x-csrf-token": csrfToken };
  const all = bearer(tokens.get("everything")!);
  const good = policy === "mcp" ? bearer(CLIENT_KEY) : all;
  const list: [string, Record<string, string>][] = [
    ["a foreign Host", { ...good, host: "evil.example" }],
    ["a foreign Origin", { ...good, origin: "https://evil.example" }],
    ["rebinding", { ...good, host: "evil.example:3000", origin: "http://evil.example:3000" }],
  ];
  if (policy === "public") return list;
  list.push(
    ["nothing", {}],
    ["garbage", bearer("garbage")],
    ["an empty key", { authorization: "Bearer " }],
    ["the expired token", bearer(expired)],
    ["the revoked token", bearer(revoked)],
    ["another scheme", { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }],
    ["the key in the cookie", { cookie: `authorization=${ADMIN_TOKEN}` }],
    ["the session of another site's page", { ...session, "sec-fetch-site": "cross-site" }],
    ["the session of a sibling's page", { ...session, "sec-fetch-site": "same-site" }],
    ["the session of a link", { ...session, "sec-fetch-site": "none" }],
  );
  if (policy === "mcp") {
    list.push(["a token of the admin API", all], ["a session", session]);
    return list;
  }
  list.push(["the key of a client", bearer(CLIENT_KEY)]);
  if (!["GET", "HEAD"].includes(method)) {
    const { "x-csrf-token": _, ...without } = session;
    list.push(
      ["a session without its token", without],
      ["a session with another's token", { ...session, "x-csrf-token": "x".repeat(43) }],
      ["a session from a foreign port", { ...session, origin: "http://localhost:4000" }],
    );
  }
  if (policy !== "self") {
    list.push(["every right but this one", bearer(tokens.get(`all but ${policy}`)!)]);
    for (const role of ROLE_NAMES) {
      if (!expandScopes([role]).includes(policy)) list.push([role, bearer(tokens.get(role)!)]);
    }
  }
  return list;
}

async function makeTokens({ token }: Awaited<ReturnType<typeof open>>) {
  const tokens = new Map([["everything", await token([...SCOPES])]]);
  for (const role of ROLE_NAMES) tokens.set(role, await token([role]));
  for (const scope of SCOPES) {
    tokens.set(`all but ${scope}`, await token(SCOPES.filter((other) => other !== scope)));
  }
  return tokens;
}

const toPath = (path: string) => path.replaceAll(/:\w+/g, "somebody");

/** A row may answer for a path that another one has written otherwise. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split("/");
  const given = path.split("/");
  const isAlike = (part: string, at: number) => part.startsWith(":") || part === given[at];
  return pattern === path || (parts.length === given.length && parts.every(isAlike));
}

describe("the live route table", () => {
  it("lets nobody through who must not, by any method", async () => {
    const opened = await open();
    const { app } = opened;
    const tokens = await makeTokens(opened);
    const rows = app.routes;
    const through: string[] = [];
    let cells = 0;
    for (const { path } of rows) {
      for (const method of METHODS) {
        // A method that no row has is nobody's; it must not be let through by the rows beside it.
        const row = rows.find(
          (each) =>
            matches(each.path, toPath(path)) &&
            (each.method === method ||
              each.method === "ALL" ||
              (method === "HEAD" && each.method === "GET")),
        );
        const policy: RoutePolicy = row?.policy ?? "vault:write";
        const guarded: Row = { method: "GET", path, policy };
        for (const [what, headers] of intruders(opened, tokens, guarded, method)) {
          const response = await send(app, method, toPath(path), headers);
          cells++;
          if (![401, 403, 404].includes(response)) {
            through.push(`${method} ${path} by ${what}: ${response}`);
          }
        }
      }
    }
    expect(through).toEqual([]);
    expect(cells).toBeGreaterThan(5_000);
  }, 60_000);

  it("lets each through who may", async () => {
    const opened = await open();
    const { app } = opened;
    const tokens = await makeTokens(opened);
    const refused: string[] = [];
    for (const { method, path, policy } of app.routes) {
      const key = policy === "mcp" ? CLIENT_KEY : tokens.get("everything")!;
      const sent = method === "ALL" ? "POST" : method;
      const headers = { authorization: `Bearer ${key}`, ...OWN_PAGE };
      const status = await send(app, sent, toPath(path), headers);
      // Not 401 and not 403: what comes then is the route's own answer.
      if (status === 401 || status === 403) refused.push(`${sent} ${path}: ${status}`);
    }
    expect(refused).toEqual([]);
  });

  it("has a contract for every route of the admin API", async () => {
    const { app } = await open();
    const bare = app.routes.filter(({ path, contract }) => path.startsWith("/api/") && !contract);
    expect(bare.map(({ path }) => path)).toEqual([]);
  });
});

async function send(
  app: AdminApp,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  // `Request` refuses TRACE by itself, as browsers do; it is asked for by a method that comes as it is.
  const init = { method: method === "TRACE" ? "TRACK_" : method, key: null, headers };
  const response = await app.request(path, init);
  await response.body?.cancel();
  return response.status;
}
