import { describe, expect, it } from "vitest";
import type { RoutePolicy } from "../../src/api/middleware/gate.ts";
import { expandScopes, ROLE_NAMES, SCOPES } from "../../src/core/auth/roles.ts";
import type { AdminApp } from "../helpers/admin-app.ts";
import { openWholeApp } from "../helpers/whole-app.ts";
import { ADMIN_TOKEN, CLIENT_KEY, OWN_PAGE } from "../helpers/test-app.ts";

/** A request to every route by everybody who must not get through: none does. One that may shows that it is no dead end. */

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

type Row = Pick<AdminApp["routes"][number], "method" | "path" | "policy" | "isPublished">;

/** With somebody of every kind who must not get through. */
async function open() {
  const { app, toPath } = await openWholeApp();
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
  const secret = revoked.json.secret as string;
  return { app, token, cookie, csrfToken, expired, revoked: secret, toPath };
}

/** What each of them sends for a route, by what they are; `null` when they may use it. */
function intruders(
  { cookie, csrfToken, expired, revoked }: Awaited<ReturnType<typeof open>>,
  tokens: ReadonlyMap<string, string>,
  { policy, isPublished }: Row,
  method: string,
): [what: string, headers: Record<string, string>][] {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const session = { ...OWN_PAGE, cookie, "x-csrf-token": csrfToken };
  const all = bearer(tokens.get("everything")!);
  const good = policy === "mcp" ? bearer(CLIENT_KEY) : all;
  const list: [string, Record<string, string>][] = [
    ["a foreign Host", { ...good, host: "evil.example" }],
    ["rebinding", { ...good, host: "evil.example:3000", origin: "http://evil.example:3000" }],
  ];
  // What is published is for every page.
  if (!isPublished) list.push(["a foreign Origin", { ...good, origin: "https://evil.example" }]);
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

/** There where the server has what they tell of. */
const RARE = [
  "/metrics",
  "/api/logs",
  "/api/audit/verify",
  "/api/settings",
  "/api/server-proof",
  "/.well-known/oauth-protected-resource",
];

/** Where the route itself says that there is nothing. */
const NOTHING_THERE: Readonly<Record<string, number>> = {
  // Nobody has connected an account.
  "POST /api/auth/oauth/revoke/:pluginId": 404,
  // Its client is known by hand.
  "GET /oauth/client/:pluginId": 404,
  // It was asked nothing.
  "GET /api/server-proof": 404,
};

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
    const { app, toPath } = opened;
    const tokens = await makeTokens(opened);
    const rows = app.routes;
    expect(rows.map(({ path }) => path)).toEqual(expect.arrayContaining(RARE));
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
        const isPublished = row?.isPublished;
        const guarded: Row = { method: "GET", path, policy, ...(isPublished && { isPublished }) };
        const refusals = row === undefined ? [401, 403, 404] : [401, 403];
        for (const [what, headers] of intruders(opened, tokens, guarded, method)) {
          const response = await send(app, method, toPath(path), headers);
          cells++;
          if (!refusals.includes(response)) {
            through.push(`${method} ${path} by ${what}: ${response}`);
          }
        }
      }
    }
    expect(through).toEqual([]);
    expect(cells).toBeGreaterThan(5_000);
  }, 60_000);

  it("lets each through who may, to what is there", async () => {
    const { app: listed } = await open();
    const refused: string[] = [];
    for (const { method, path, policy } of listed.routes) {
      // What one changes must not be missing for the next.
      const opened = await open();
      const everything = await opened.token([...SCOPES]);
      const key = policy === "mcp" ? CLIENT_KEY : everything;
      const sent = method === "ALL" ? "POST" : method;
      const headers = { authorization: `Bearer ${key}`, ...OWN_PAGE };
      const status = await send(opened.app, sent, opened.toPath(path), headers);
      const expected = NOTHING_THERE[`${sent} ${path}`];
      // What comes is the route's own answer: without a body, often that there is none.
      const isOwn =
        expected === undefined ? ![401, 403, 404].includes(status) && status < 500 : false;
      if (!isOwn && status !== expected) refused.push(`${sent} ${path}: ${status}`);
    }
    expect(refused).toEqual([]);
  }, 60_000);

  it("has a contract for every route of the admin API", async () => {
    const { app } = await open();
    const bare = app.routes.filter(({ path, contract }) => path.startsWith("/api/") && !contract);
    // By which commands on this machine know the server; it is nobody else's.
    expect(bare.map(({ path }) => path)).toEqual(["/api/server-proof"]);
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
