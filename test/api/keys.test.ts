import { describe, expect, it } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { ADMIN_TOKEN, CLIENT_KEY, type TestRequest } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

interface Door {
  readonly path: string;
  readonly init: TestRequest;
  readonly key: string;
}

const MCP: Door = { path: "/mcp", init: modernRequest("tools/list"), key: CLIENT_KEY };
const ADMIN: Door = { path: "/api/plugins", init: {}, key: ADMIN_TOKEN };

const CHALLENGE = 'Bearer realm="mcp-plugin-server"';
const UNAUTHENTICATED = {
  type: "urn:mcp-plugin-server:error:UNAUTHENTICATED",
  title: "A valid key or token is needed: send it as Authorization: Bearer.",
  status: 401,
  code: "UNAUTHENTICATED",
  requestId: expect.any(String),
};
const FORBIDDEN = {
  type: "urn:mcp-plugin-server:error:FORBIDDEN",
  title: "This key or token may not do that.",
  status: 403,
  code: "FORBIDDEN",
  requestId: expect.any(String),
};

/** What may stand in an Authorization header and is no valid key. */
const NO_KEYS: readonly [what: string, header: (key: string) => string | null][] = [
  ["nothing", () => null],
  ["an empty header", () => ""],
  ["the scheme alone", () => "Bearer"],
  ["a key that nobody has", () => "Bearer mcpk_nobody_has_this_key_0123456789"],
  ["the key without a scheme", (key) => key],
  ["another scheme", (key) => `Basic ${btoa(`user:${key}`)}`],
  ["a scheme that ends like the right one", (key) => `XBearer ${key}`],
  ["two spaces", (key) => `Bearer  ${key}`],
  ["the beginning of the key", (key) => `Bearer ${key.slice(0, -1)}`],
  ["the key and one more character", (key) => `Bearer ${key}x`],
  ["the key in capitals", (key) => `Bearer ${key.toUpperCase()}`],
  ["the key in quotes", (key) => `Bearer "${key}"`],
  ["the key and another word", (key) => `Bearer ${key} x`],
  ["two headers joined", (key) => `Bearer x, Bearer ${key}`],
  ["more than any key", (key) => `Bearer ${key}${"x".repeat(5_000)}`],
];

describe.each(WAYS)("keys, $way", ({ open }) => {
  describe.each([MCP, ADMIN])("at $path", ({ path, init, key }) => {
    it("lets the right key in, whatever the case of the scheme", async () => {
      const app = await open();
      for (const scheme of ["Bearer", "bearer", "BEARER"]) {
        const response = await app.request(path, withAuthorization(init, `${scheme} ${key}`));
        expect([scheme, response.status]).toEqual([scheme, 200]);
      }
    });

    it.each(NO_KEYS)("refuses %s", async (_, header) => {
      const app = await open();
      const response = await app.request(path, withAuthorization(init, header(key)));
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe(CHALLENGE);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toEqual(UNAUTHENTICATED);
    });

    it("takes a key from nowhere but the Authorization header", async () => {
      const app = await open();
      for (const query of ["key", "api_key", "access_token", "token"]) {
        const response = await app.request(`${path}?${query}=${key}`, { ...init, key: null });
        expect([query, response.status]).toEqual([query, 401]);
      }
      const headers = new Headers(init.headers);
      headers.set("x-api-key", key);
      headers.set("cookie", `token=${key}`);
      headers.set("proxy-authorization", `Bearer ${key}`);
      expect((await app.request(path, { ...init, headers, key: null })).status).toBe(401);
    });
  });

  it.each([
    ["an administrator's token at /mcp", MCP, ADMIN_TOKEN],
    ["a client's key at /api/plugins", ADMIN, CLIENT_KEY],
  ])("forbids %s", async (_, { path, init }, key) => {
    const app = await open();
    const response = await app.request(path, { ...init, key });
    expect(response.status).toBe(403);
    expect(response.headers.get("www-authenticate")).toBeNull();
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual(FORBIDDEN);
  });

  it.each([
    ["GET", "/mcp", 401],
    ["POST", "/mcp", 401],
    ["PUT", "/mcp", 401],
    ["PATCH", "/mcp", 401],
    ["DELETE", "/mcp", 401],
    ["OPTIONS", "/mcp", 401],
    ["HEAD", "/mcp", 401],
    ["GET", "/sse", 401],
    ["POST", "/sse", 401],
    ["HEAD", "/sse", 401],
    ["GET", "/sse/", 404],
    ["POST", "/messages", 401],
    ["POST", "/messages?sessionId=x", 401],
    ["GET", "/messages", 401],
    ["GET", "/api/plugins", 401],
    ["HEAD", "/api/plugins", 401],
    ["POST", "/api/plugins", 401],
    ["PUT", "/api/plugins", 404],
    ["DELETE", "/api/plugins", 404],
    ["OPTIONS", "/api/plugins", 404],
    ["GET", "/api/plugins/", 404],
    ["GET", "/api//plugins", 404],
    ["GET", "/api/plugins/..%2f..%2fetc%2fpasswd", 401],
    ["GET", "/api/plugins/../../etc/passwd", 404],
    ["GET", "/api/plugins%00", 404],
    ["GET", "/API/plugins", 404],
    ["GET", "/mcp/", 404],
    ["GET", "/mcp/x", 404],
    ["GET", "/api", 404],
    ["GET", "/", 404],
    ["GET", "/healthz", 200],
    ["HEAD", "/healthz", 200],
    ["POST", "/healthz", 404],
    ["GET", "/readyz", 200],
    ["HEAD", "/readyz", 200],
    ["POST", "/readyz", 404],
  ])("answers %s %s without a key with %i", async (method, path, status) => {
    const app = await open();
    const response = await app.request(path, { method, key: null });
    expect(response.status).toBe(status);
    expect(response.headers.get("www-authenticate")).toBe(status === 401 ? CHALLENGE : null);
  });
});

describe("without authentication", () => {
  const config = {
    allowedHosts: ["localhost"],
    allowedOrigins: [],
    auth: "none",
    sse: true,
  } as const;

  it("serves /mcp to whoever asks, and goes on to protect the API", async () => {
    const app = await WAYS[0]!.open({ deps: { config } });
    expect((await app.request("/mcp", { ...MCP.init, key: null })).status).toBe(200);
    expect((await app.request("/mcp", { ...MCP.init, key: "garbage" })).status).toBe(200);
    expect((await app.request("/api/plugins", { key: null })).status).toBe(401);
    expect((await app.request("/api/plugins", { key: ADMIN_TOKEN })).status).toBe(200);
  });
});

function withAuthorization(init: TestRequest, authorization: string | null): TestRequest {
  const headers = new Headers(init.headers);
  if (authorization !== null) headers.set("authorization", authorization);
  return { ...init, headers, key: null };
}
