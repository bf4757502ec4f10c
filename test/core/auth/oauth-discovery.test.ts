import { describe, expect, it } from "vitest";
import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";
import { startOidcServer } from "../../helpers/oidc-server.ts";
import {
  createFixture,
  metadataOf,
  REDIRECT_URI,
  specOf,
  STATE,
  toSpec,
  VERIFIER,
} from "./oauth-fixture.ts";

const OAUTH = "GET /.well-known/oauth-authorization-server";
const OIDC = "GET /.well-known/openid-configuration";
const left = { state: STATE, codeVerifier: VERIFIER };

/** A server that describes itself so, at the addresses that are named. */
async function describeAs(
  change: (origin: string) => object,
  routes: readonly string[] = [OAUTH],
  path = "",
): Promise<LoopbackServer> {
  const answer = (): LoopbackAnswer => ({
    body: {
      ...metadataOf(server.origin),
      issuer: `${server.origin}${path}`,
      ...change(server.origin),
    },
  });
  const server: LoopbackServer = await startLoopbackServer(
    Object.fromEntries(routes.map((route) => [route, answer])),
  );
  return server;
}

describe("an issuer", () => {
  it.each<[string, string, readonly string[]]>([
    ["by RFC 8414", "", [OAUTH]],
    ["by OpenID Connect alone", "", [OIDC]],
    ["by both", "", [OAUTH, OIDC]],
    ["by RFC 8414, in a folder", "/tenant", [`${OAUTH}/tenant`]],
    ["by OpenID Connect, in a folder", "/tenant", ["GET /tenant/.well-known/openid-configuration"]],
  ])("is found %s", async (_how, path, routes) => {
    const server = await describeAs(() => ({}), routes, path);
    const { client } = createFixture();
    const answer = await client.authorizationUrl(specOf(`${server.origin}${path}`), left);
    if (!answer.ok) throw new Error(answer.reason.reason);
    expect(answer.value.url.startsWith(`${server.origin}/authorize?`)).toBe(true);
    expect(answer.value.issuer).toBe(`${server.origin}${path}`);
  });

  it.each<[string, string, (origin: string) => object]>([
    ["another server", "bad-answer", () => ({ issuer: "https://evil.test" })],
    ["itself with a slash more", "bad-answer", (origin) => ({ issuer: `${origin}/` })],
    ["a part of itself", "bad-answer", (origin) => ({ issuer: `${origin}/tenant` })],
    ["nobody", "bad-answer", () => ({ issuer: undefined })],
    ["a number", "bad-answer", () => ({ issuer: 1 })],
    ["no address", "bad-answer", () => ({ issuer: "evil" })],
    [
      "one with PKCE in the plain form alone",
      "misconfigured",
      () => ({ code_challenge_methods_supported: ["plain"] }),
    ],
    ["one without any PKCE", "misconfigured", () => ({ code_challenge_methods_supported: [] })],
    [
      "one that says nothing of PKCE",
      "misconfigured",
      () => ({ code_challenge_methods_supported: undefined }),
    ],
    [
      "one whose PKCE cannot be read",
      "misconfigured",
      () => ({ code_challenge_methods_supported: "S256" }),
    ],
    [
      "one without an authorization endpoint",
      "misconfigured",
      () => ({ authorization_endpoint: undefined }),
    ],
    [
      "one whose authorization endpoint is a script",
      "misconfigured",
      () => ({ authorization_endpoint: "javascript:alert(1)" }),
    ],
    [
      "one whose authorization endpoint is a script in capitals",
      "misconfigured",
      () => ({ authorization_endpoint: "JaVaScRiPt:alert(1)" }),
    ],
    [
      "one whose authorization endpoint is data",
      "misconfigured",
      () => ({ authorization_endpoint: "data:text/html,hello" }),
    ],
    [
      "one whose authorization endpoint is open to all ears",
      "misconfigured",
      () => ({ authorization_endpoint: "http://auth.test/authorize" }),
    ],
    [
      "one whose authorization endpoint has a password",
      "misconfigured",
      () => ({ authorization_endpoint: "https://a:b@auth.test/authorize" }),
    ],
    [
      "one whose authorization endpoint is a number",
      "misconfigured",
      () => ({ authorization_endpoint: 1 }),
    ],
    ["one without a token endpoint", "misconfigured", () => ({ token_endpoint: undefined })],
    [
      "one whose token endpoint is open to all ears",
      "misconfigured",
      () => ({ token_endpoint: "http://auth.test/token" }),
    ],
    [
      "one whose token endpoint only looks like this machine",
      "misconfigured",
      () => ({ token_endpoint: "http://127.0.0.1.evil.test/token" }),
    ],
  ])("that describes %s is refused: %s", async (_what, kind, change) => {
    const server = await describeAs(change);
    const { client } = createFixture();
    await expect(client.authorizationUrl(specOf(server.origin), left)).resolves.toMatchObject({
      ok: false,
      reason: { kind },
    });
  });

  it("that says nothing of PKCE is asked with it where the plugin names its endpoints", async () => {
    const server = await describeAs(() => ({ code_challenge_methods_supported: undefined }));
    const { origin } = server;
    const { spec } = toSpec({
      declared: {
        urls: { issuer: origin, authorization: `${origin}/authorize`, token: `${origin}/token` },
      },
      settings: { clientId: "client" },
    });
    const answer = await createFixture().client.authorizationUrl(spec, left);
    expect(answer.ok && new URL(answer.value.url).searchParams.get("code_challenge_method")).toBe(
      "S256",
    );
    expect(server.requests).toEqual([]);
  });

  it("that says nothing of PKCE gives a client its own tokens, for which there is no code", async () => {
    const server: LoopbackServer = await startLoopbackServer({
      [OAUTH]: () => ({
        body: { ...metadataOf(server.origin), code_challenge_methods_supported: undefined },
      }),
      "POST /token": { body: { access_token: "a-token", token_type: "Bearer" } },
    });
    const { spec } = toSpec({
      declared: { urls: { issuer: server.origin } },
      settings: { clientId: "client", grant: "client_credentials" },
    });
    expect((await createFixture().client.clientCredentials(spec)).ok).toBe(true);
  });

  it.each<[string, LoopbackAnswer, string]>([
    ["a start page", { headers: { "content-type": "text/html" }, body: "<html>" }, "bad-answer"],
    ["nothing at all", { status: 404 }, "misconfigured"],
    [
      "a redirect to another host",
      { status: 302, headers: { location: "http://127.0.0.2/" } },
      "bad-answer",
    ],
    ["a fault of its own", { status: 503, headers: { "retry-after": "3" } }, "temporary"],
    ["100 KiB", { body: { issuer: "x".repeat(102_400) } }, "bad-answer"],
    ["no end", { mode: "endless" }, "bad-answer"],
  ])("that answers with %s is not used", async (_what, answer, kind) => {
    const server = await startLoopbackServer({ [OAUTH]: answer, [OIDC]: answer });
    const { client } = createFixture();
    const refused = await client.authorizationUrl(specOf(server.origin), left);
    expect(refused).toMatchObject({ ok: false, reason: { kind } });
    expect(!refused.ok && refused.reason.retryAfterMs).toBe(
      kind === "temporary" ? 3000 : undefined,
    );
  });

  it("that cannot be found leaves a refresh token as good as it was, and says so", async () => {
    const server = await startLoopbackServer({ [OAUTH]: { status: 503 }, [OIDC]: { status: 503 } });
    const { client } = createFixture();
    await expect(
      client.refresh(specOf(server.origin), "a-refresh-token", ""),
    ).resolves.toMatchObject({ ok: false, reason: { kind: "temporary", isDefinite: true } });
  });

  it("whose site answers everything with a start page is found by OpenID Connect", async () => {
    const server: LoopbackServer = await startLoopbackServer({
      [OAUTH]: { headers: { "content-type": "text/html" }, body: "<html>" },
      [OIDC]: () => ({ body: metadataOf(server.origin) }),
    });
    const { client } = createFixture();
    await expect(client.authorizationUrl(specOf(server.origin), left)).resolves.toMatchObject({
      ok: true,
    });
  });

  it.each([
    "",
    "not an address",
    "https://issuer.test/?x=1",
    "https://issuer.test/#x",
    "ftp://a.test",
  ])("is not looked for at %j", async (issuer) => {
    const { client, outbound } = createFixture();
    await expect(client.authorizationUrl(specOf(issuer), left)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "misconfigured" },
    });
    expect(outbound.asked).toEqual([]);
  });

  it("is asked again after ten minutes, and at once when it could not say", async () => {
    const server = await startOidcServer({ redirectUris: [REDIRECT_URI] });
    const { client, time } = createFixture();
    const ask = () => client.authorizationUrl(specOf(server.issuer), left);
    server.plan(OAUTH, { status: 503 });
    server.plan(OIDC, { status: 503 });
    await expect(ask()).resolves.toMatchObject({ ok: false, reason: { kind: "temporary" } });
    await ask();
    await ask();
    expect(server.hits(OAUTH)).toBe(2);
    await time.advance(600_000);
    await ask();
    expect(server.hits(OAUTH)).toBe(3);
  });

  it("is not asked where the plugin names endpoints, whose own parameters stay", async () => {
    const { client, outbound } = createFixture();
    const urls = {
      issuer: "https://issuer.test",
      authorization: "https://issuer.test/authorize?tenant=7&state=theirs",
      token: "https://issuer.test/token",
    };
    const { spec } = toSpec({
      declared: { urls, scopes: ["read"] },
      settings: { clientId: "client" },
    });
    const answer = await client.authorizationUrl(spec, left);
    if (!answer.ok) throw new Error(answer.reason.reason);
    const { searchParams } = new URL(answer.value.url);
    expect(searchParams.get("tenant")).toBe("7");
    expect(searchParams.getAll("state")).toEqual([STATE]);
    expect(answer.value.issuer).toBe("https://issuer.test");
    expect(outbound.asked).toEqual([]);
  });

  it("whose endpoint the plugin names beside it is asked for the rest", async () => {
    const server = await describeAs(() => ({}));
    const { client } = createFixture();
    const urls = { issuer: server.origin, authorization: "https://elsewhere.test/authorize" };
    const { spec } = toSpec({ declared: { urls }, settings: { clientId: "client" } });
    const answer = await client.authorizationUrl(spec, left);
    expect(answer.ok && answer.value.url).toMatch(/^https:\/\/elsewhere\.test\/authorize\?/);
  });

  it("is missing where a plugin names nothing", async () => {
    const { client } = createFixture();
    for (const urls of [
      undefined,
      {},
      { token: "https://a.test/token" },
      { authorization: "https://a.test/a" },
    ]) {
      const { spec } = toSpec({
        declared: { ...(urls && { urls }) },
        settings: { clientId: "client" },
      });
      await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
        ok: false,
        reason: { kind: "misconfigured" },
      });
    }
  });

  it("of OpenID Connect is asked for consent where access is to last", async () => {
    const server = await describeAs(() => ({}));
    const { client } = createFixture();
    const promptFor = async (scopes: string[]) => {
      const declared = { scopes, urls: { issuer: server.origin } };
      const { spec } = toSpec({ declared, settings: { clientId: "client" } });
      const answer = await client.authorizationUrl(spec, left);
      return answer.ok && new URL(answer.value.url).searchParams.get("prompt");
    };
    await expect(promptFor(["openid", "offline_access"])).resolves.toBe("consent");
    await expect(promptFor(["openid"])).resolves.toBeNull();
    await expect(promptFor(["read", "offline_access"])).resolves.toBeNull();
  });
});
