import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { challenge, type ChallengeReason } from "../../src/api/challenge.ts";
import { protectedResourceRoutes } from "../../src/api/routes/protected-resource.ts";
import type { RouteCaller } from "../../src/api/route-table.ts";
import type { ScopeNaming } from "../../src/core/auth/scope-names.ts";
import { createTestApp } from "../helpers/test-app.ts";

const PUBLIC_URL = "https://mcp.example.test";
const publicUrl = () => PUBLIC_URL;
const ONE: ScopeNaming = { issuer: "https://login.example.test/" };
const TWO: ScopeNaming = { issuer: "https://other.example.test", scopes: { tools: ["mcp"] } };
const ROOT = "/.well-known/oauth-protected-resource";

/** What the routes answer; 404 for a path that they do not have, as in the route table. */
async function get(issuers: readonly ScopeNaming[], path: string): Promise<Response> {
  const routes = protectedResourceRoutes({ issuers, publicUrl, name: "Tools" });
  const route = routes.find((one) => one.path === path && one.method === "GET");
  if (route === undefined) return new Response(null, { status: 404 });
  return route.handle(new Request(PUBLIC_URL + path), { params: {} } as RouteCaller);
}

describe.each([`${ROOT}/mcp`, ROOT])("%s", (path) => {
  it("says whose tokens are taken, and for what", async () => {
    const response = await get([ONE], path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
    expect(await response.json()).toEqual({
      resource: "https://mcp.example.test/mcp",
      authorization_servers: ["https://login.example.test/"],
      scopes_supported: ["mcp", "mcp:read"],
      bearer_methods_supported: ["header"],
      resource_name: "Tools",
    });
  });

  it("names every issuer, and scopes only where all call them the same", async () => {
    expect(await (await get([ONE, TWO], path)).json()).toEqual({
      resource: "https://mcp.example.test/mcp",
      authorization_servers: ["https://login.example.test/", "https://other.example.test"],
      bearer_methods_supported: ["header"],
      resource_name: "Tools",
    });
  });

  it("is not there without issuers", async () => {
    expect((await get([], path)).status).toBe(404);
  });

  it("is for everybody", () => {
    const routes = protectedResourceRoutes({ issuers: [ONE], publicUrl, name: "Tools" });
    expect(routes.find((route) => route.path === path)?.policy).toBe("public");
  });
});

describe("a page of any origin", () => {
  const paths = [`${ROOT}/mcp`, ROOT];
  const ASKED = {
    "access-control-request-method": "GET",
    "access-control-request-headers": "mcp-protocol-version",
  };

  async function open(issuers: readonly ScopeNaming[] = [ONE]) {
    const app = await createTestApp({ publicUrl, deps: { issuers } });
    return (path: string, headers: Record<string, string>, method = "GET") =>
      app.request(path, { method, key: null, headers });
  }

  it.each(paths)("may read %s, without cookies", async (path) => {
    const ask = await open();
    for (const origin of ["https://client.example.test", "http://localhost:5173", "null"]) {
      const response = await ask(path, { origin });
      expect(response.status).toBe(200);
      expect(((await response.json()) as { resource: string }).resource).toBe(`${PUBLIC_URL}/mcp`);
      const { headers } = response;
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
      expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
      expect(headers.get("vary")).toBeNull();
    }
  });

  it.each(paths)("may ask before whether it may read %s, whatever it sends along", async (path) => {
    const ask = await open();
    const response = await ask(path, { origin: "https://evil.example", ...ASKED }, "OPTIONS");
    expect(response.status).toBe(204);
    const { headers } = response;
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toBe("GET");
    expect(headers.get("access-control-allow-headers")).toBe("*");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  it.each(["/mcp", "/api/plugins", "/healthz", `${ROOT}/other`, `${ROOT}/mcp/`])(
    "may not ask about %s, nor read it",
    async (path) => {
      const ask = await open();
      const origin = "https://evil.example";
      const asked = await ask(path, { origin, ...ASKED }, "OPTIONS");
      const read = await ask(path, { origin });
      expect([asked.status, read.status]).toEqual([403, 403]);
      expect(asked.headers.get("access-control-allow-origin")).toBeNull();
      expect(read.headers.get("access-control-allow-origin")).toBeNull();
    },
  );

  it.each(paths)("may do nothing else with %s", async (path) => {
    const ask = await open();
    const origin = "https://evil.example";
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      expect((await ask(path, { origin }, method)).status).toBe(403);
    }
    const elsewhere = await ask(path, { origin, host: "evil.example" });
    expect(elsewhere.status).toBe(403);
    expect(((await elsewhere.json()) as { code: string }).code).toBe("HOST_REFUSED");
  });

  it("is refused where there is nothing to read", async () => {
    const ask = await open([]);
    expect((await ask(ROOT, { origin: "https://evil.example" })).status).toBe(403);
    expect((await ask(ROOT, {})).status).toBe(404);
  });
});

const METADATA = `resource_metadata="${PUBLIC_URL}${ROOT}/mcp"`;
const REALM = 'Bearer realm="mcp-plugin-server"';
const NO_TOKEN: ChallengeReason = { kind: "no-token" };
const INVALID: ChallengeReason = { kind: "invalid-token" };
const NOT_ENOUGH: ChallengeReason = {
  kind: "insufficient-scope",
  scopes: ["mcp:time", "mcp:mail:read"],
  issuer: ONE.issuer,
};

describe("the challenge", () => {
  it.each<[string, ChallengeReason, string]>([
    ["to somebody without a token", NO_TOKEN, `${REALM}, ${METADATA}, scope="mcp"`],
    [
      "to a token that is not good",
      INVALID,
      `${REALM}, error="invalid_token", error_description="The access token is not valid for this server, or not any more.", ${METADATA}, scope="mcp"`,
    ],
    [
      "to a token that is not enough",
      NOT_ENOUGH,
      `${REALM}, error="insufficient_scope", error_description="The access token does not have the scopes that this takes.", scope="mcp:time mcp:mail:read", ${METADATA}`,
    ],
  ])("%s", (_to, reason, value) => {
    expect(challenge(reason, { issuers: [ONE], publicUrl })).toBe(value);
  });

  it.each([NO_TOKEN, INVALID, NOT_ENOUGH])(
    "without issuers names the realm alone: %j",
    (reason) => {
      expect(challenge(reason, { issuers: [], publicUrl })).toBe(REALM);
    },
  );

  it("names no scopes where issuers call them differently, but those of the token's own", () => {
    const issuers = [ONE, TWO];
    expect(challenge(NO_TOKEN, { issuers, publicUrl })).toBe(`${REALM}, ${METADATA}`);
    const reason = { ...NOT_ENOUGH, issuer: TWO.issuer };
    expect(challenge(reason, { issuers, publicUrl })).toContain(', scope="tools", ');
  });

  it.each(['mcp" , evil="1', "mcp\r\nset-cookie: a=b", "mcp\\", "mcp\0", "mcpé", "mcp\u2028"])(
    "has no end but its own, whatever is named: %j",
    (scope) => {
      const reason: ChallengeReason = { ...NOT_ENOUGH, scopes: [scope] };
      const value = challenge(reason, { issuers: [ONE], publicUrl });
      // Headers takes no line ends, and no letters beyond Latin-1.
      expect(new Headers({ "www-authenticate": value }).get("www-authenticate")).toBe(value);
      expect(value).toMatch(
        /^Bearer [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*$/,
      );
      expect(value.split('"').length).toBe(11);
    },
  );

  it("leads the official client to the metadata, and to the scopes", async () => {
    const header = challenge(NOT_ENOUGH, { issuers: [ONE], publicUrl });
    const refused = new Response(null, { status: 403, headers: { "www-authenticate": header } });
    const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(refused);
    expect({ scope, error }).toEqual({
      scope: "mcp:time mcp:mail:read",
      error: "insufficient_scope",
    });
    const asked: string[] = [];
    const found = await discoverOAuthProtectedResourceMetadata(
      `${PUBLIC_URL}/mcp`,
      { resourceMetadataUrl: resourceMetadataUrl! },
      async (url) => {
        asked.push(String(url));
        return get([ONE], new URL(String(url)).pathname);
      },
    );
    expect(asked).toEqual([`${PUBLIC_URL}${ROOT}/mcp`]);
    expect(found.authorization_servers).toEqual(["https://login.example.test/"]);
  });

  it("can be missing: the official client finds the metadata by itself", async () => {
    const found = await discoverOAuthProtectedResourceMetadata(`${PUBLIC_URL}/mcp`, {}, (url) =>
      get([ONE], new URL(String(url)).pathname),
    );
    expect(found.resource).toBe(`${PUBLIC_URL}/mcp`);
  });
});
