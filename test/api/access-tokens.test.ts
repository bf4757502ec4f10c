import { describe, expect, it } from "vitest";
import type { TestApp } from "../helpers/test-app.ts";
import { claimsOf, signJwt, startIssuer } from "../core/auth/access-token-fixture.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { ADMIN_TOKEN, CLIENT_KEY, createTestApp } from "../helpers/test-app.ts";

const ORIGIN = "https://mcp.example.test";
const METADATA = `${ORIGIN}/.well-known/oauth-protected-resource/mcp`;

const plugin = () =>
  testPlugin({
    tools: {
      read: { run: async () => "read", annotations: { readOnlyHint: true } },
      write: async (_: unknown, { principal }) => JSON.stringify(principal),
    },
  });

async function open() {
  const issuer = await startIssuer();
  const app = await createTestApp({
    plugins: { one: plugin, two: plugin },
    publicUrl: () => ORIGIN,
    deps: { issuers: [{ issuer: issuer.server.origin }] },
  });
  const token = (claims: Record<string, unknown> = {}, parts: object = {}) =>
    signJwt({ claims: { ...claimsOf(issuer.server.origin, Date.now()), ...claims }, ...parts });
  return { app, token, issuer: issuer.server.origin };
}

const call = (app: TestApp, key: string, name = "one_read") =>
  app.request("/mcp", modernRequest("tools/call", { name, arguments: {} }, { key }));

const toolsOf = async (app: TestApp, key: string) => {
  const response = await app.request("/mcp", modernRequest("tools/list", {}, { key }));
  const { result } = await response.json();
  return result.tools.map(({ name }: { name: string }) => name) as string[];
};

describe("a client without a token", () => {
  it("learns where to get one", async () => {
    const { app, issuer } = await open();
    const refused = await app.request("/mcp", modernRequest("tools/list", {}, { key: null }));
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get("www-authenticate")!;
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    expect(challenge).toContain('scope="mcp"');
    for (const path of [
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-protected-resource/mcp",
    ]) {
      const metadata = await app.request(path, { key: null });
      expect(await metadata.json()).toEqual({
        resource: `${ORIGIN}/mcp`,
        authorization_servers: [issuer],
        scopes_supported: ["mcp", "mcp:read"],
        bearer_methods_supported: ["header"],
        resource_name: "test-server",
      });
    }
  });

  it("is told nothing of that where no issuer is configured, nor at the admin API", async () => {
    const none = await createTestApp();
    const plain = await none.request("/mcp", modernRequest("tools/list", {}, { key: null }));
    expect(plain.headers.get("www-authenticate")).toBe('Bearer realm="mcp-plugin-server"');
    const metadata = await none.request("/.well-known/oauth-protected-resource", { key: null });
    expect(metadata.status).toBe(404);
    const { app } = await open();
    const admin = await app.request("/api/plugins", { key: null });
    expect(admin.headers.get("www-authenticate")).toBe('Bearer realm="mcp-plugin-server"');
  });
});

describe("an access token", () => {
  it("of the issuer, for this server, lets its holder call tools as themselves", async () => {
    const { app, token } = await open();
    const key = await token();
    expect(await toolsOf(app, key)).toEqual(["one_read", "one_write", "two_read", "two_write"]);
    const { result } = await (await call(app, key, "one_write")).json();
    expect(JSON.parse(result.content[0].text)).toEqual({
      kind: "user",
      id: expect.stringMatching(/^[0-9a-f]{16}:alice$/),
      scopes: ["mcp"],
    });
    // A key of this server's own is as good as before.
    expect((await call(app, CLIENT_KEY)).status).toBe(200);
  });

  it("is of no use at the admin API, whatever scopes it has", async () => {
    const { app, token } = await open();
    const key = await token({ scope: "mcp admin keys:write plugins:read" });
    expect((await app.request("/api/plugins", { key })).status).toBe(401);
    expect((await app.request("/api/session", { key })).status).toBe(401);
  });

  it("shows what its scopes reach, and says which would reach further", async () => {
    const { app, token } = await open();
    const key = await token({ scope: "mcp:one mcp:two:read" });
    expect(await toolsOf(app, key)).toEqual(["one_read", "one_write", "two_read"]);
    const refused = await call(app, key, "two_write");
    expect(refused.status).toBe(403);
    const challenge = refused.headers.get("www-authenticate")!;
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="mcp:two"');
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    // What there is for nobody, is there for nobody.
    const { error } = await (await call(app, key, "two_nobodys")).json();
    expect(error.message).toBe("Unknown tool: two_nobodys");
  });

  it.each([
    ["mcp:one", 'scope="mcp:two"', "two_write"],
    ["use-one", 'scope="use-two"', "two_write"],
    ["openid", 'scope="mcp"', "one_read"],
    ["nothing-of-ours", 'scope="everything"', "one_read"],
  ])("with %s is told to ask for %s, in the words of its own issuer", async (has, asks, name) => {
    const [issuer, other] = [await startIssuer(), await startIssuer()];
    const scopes = { "use-one": ["mcp:one"], "use-two": ["mcp:two"], everything: ["mcp"] };
    const app = await createTestApp({
      plugins: { one: plugin, two: plugin },
      publicUrl: () => ORIGIN,
      deps: {
        issuers: [{ issuer: issuer.server.origin }, { issuer: other.server.origin, scopes }],
      },
    });
    const { origin } = asks.includes("mcp") ? issuer.server : other.server;
    const key = await signJwt({ claims: { ...claimsOf(origin, Date.now()), scope: has } });
    const refused = await call(app, key, name);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toContain(`${asks}, resource_metadata=`);
    // Whoever has yet to choose is told of no names: those of the one mean nothing to the other.
    const nobody = await app.request("/mcp", modernRequest("tools/list", {}, { key: null }));
    expect(nobody.headers.get("www-authenticate")).not.toContain("scope=");
  });

  it("is what a key of this server's cannot become: it is told of no scopes", async () => {
    const { app } = await open();
    const refused = await call(app, ADMIN_TOKEN);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([403, null]);
  });

  it("without a scope of ours is good, and not enough", async () => {
    const { app, token } = await open();
    const refused = await call(app, await token({ scope: "openid" }));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
  });
});

it("keys of this server's own do not become tokens where issuers are configured", async () => {
  const { app } = await open();
  const refused = await call(app, "mcpk_nobody_has_this_key_0123456789");
  expect(refused.status).toBe(401);
  expect((await call(app, ADMIN_TOKEN)).status).toBe(403);
});
