import { describe, expect, it } from "vitest";
import type { OAuthClientSettings } from "../../../src/types/oauth.ts";
import { startLoopbackServer, type LoopbackAnswer } from "../../helpers/loopback-server.ts";
import { startOidcServer } from "../../helpers/oidc-server.ts";
import { connect, createFixture, REDIRECT_URI, STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";
import { openRegistrar } from "./oauth-registrar.ts";

const left = { state: STATE, codeVerifier: VERIFIER };
const dynamic = { registration: "dynamic" } as const;

describe("a client that registers itself", () => {
  it.each<[OAuthClientSettings["clientAuth"], string]>([
    [undefined, "client_secret_basic"],
    ["basic", "client_secret_basic"],
    ["post", "client_secret_post"],
    ["none", "none"],
  ])("with %s does so once, and connects", async (clientAuth, method) => {
    const server = await startOidcServer({ redirectUris: [] });
    const { client } = createFixture();
    const { spec, saved } = toSpec({
      declared: { scopes: ["read"], urls: { issuer: server.issuer } },
      settings: { ...dynamic, clientAuth },
    });
    await Promise.all([client.authorizationUrl(spec, left), client.authorizationUrl(spec, left)]);
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const { refreshToken, accessToken } = granted.value.token;
    const refreshed = await client.refresh(spec, refreshToken!, "read");
    expect(refreshed.ok).toBe(true);
    await expect(client.revoke(spec, { accessToken })).resolves.toBe("revoked");
    expect(server.hits("POST /reg")).toBe(1);
    expect(saved).toHaveLength(1);
    const kept = await server.provider.Client.find(JSON.parse(saved[0]!).clientId);
    expect(kept!.metadata()).toMatchObject({
      client_name: "mcp-plugin-server (work)",
      redirect_uris: [REDIRECT_URI],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: method,
      scope: "read",
    });
  });

  it.each<[string, object]>([
    ["with another server", { client: "another" }],
    ["for another address of this server", { redirectUri: "https://old.test/oauth/callback/work" }],
    ["with a secret that has expired", { expiresAt: 1 }],
  ])("has to do it again after it did it %s", async (_what, change) => {
    const server = await startOidcServer({ redirectUris: [] });
    const { client } = createFixture();
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec, saved } = toSpec({ declared, settings: dynamic });
    await client.authorizationUrl(spec, left);
    saved.push(JSON.stringify({ ...JSON.parse(saved[0]!), ...change }));
    await client.authorizationUrl(spec, left);
    expect(server.hits("POST /reg")).toBe(2);
    await client.authorizationUrl(spec, left);
    expect(server.hits("POST /reg")).toBe(2);
  });

  it("keeps its secret from another endpoint of the same issuer", async () => {
    const server = await startOidcServer({ redirectUris: [] });
    const other = await startLoopbackServer({ "POST /token": { status: 400, body: {} } });
    const { client } = createFixture();
    const urls = { issuer: server.issuer };
    const { spec } = toSpec({ declared: { scopes: ["read"], urls }, settings: dynamic });
    await client.authorizationUrl(spec, left);
    const endpoints = { authorization: `${server.issuer}/auth`, token: `${other.origin}/token` };
    const moved = { ...spec, declared: { ...spec.declared, urls: { ...urls, ...endpoints } } };
    const refreshed = await client.refresh(moved, "a-refresh-token", "read");
    expect(refreshed).toMatchObject({ ok: false, reason: { kind: "invalid-grant" } });
    expect(other.requests).toEqual([]);
  });

  it("does so once, of two processes that begin at the same time", async () => {
    const server = await startOidcServer({ redirectUris: [] });
    const [one, other] = [createFixture().client, createFixture().client];
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec } = toSpec({ declared, settings: dynamic });
    const [first, second] = await Promise.all([connect(one, spec), connect(other, spec)]);
    expect(server.hits("POST /reg")).toBe(1);
    expect([(await first.exchange()).ok, (await second.exchange()).ok]).toEqual([true, true]);
  });

  it("keeps its grants when this server gets another address", async () => {
    const server = await startOidcServer({ redirectUris: [] });
    const { client } = createFixture();
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec } = toSpec({ declared, settings: dynamic });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const moved = { ...spec, redirectUri: "https://new.example.test/oauth/callback/work" };
    const refreshed = await client.refresh(moved, granted.value.token.refreshToken!, "read");
    if (!refreshed.ok) throw new Error(refreshed.reason.reason);
    const { accessToken } = refreshed.value.token;
    await expect(client.revoke(moved, { accessToken })).resolves.toBe("revoked");
    expect(server.hits("POST /reg")).toBe(1);
  });

  it("sends no token of a client that is gone as another client", async () => {
    const server = await startOidcServer({ redirectUris: [] });
    const { client } = createFixture();
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec, saved } = toSpec({ declared, settings: dynamic });
    const { callback, issuer } = await connect(client, spec);
    saved.push("null");
    const exchanged = client.exchange(spec, { ...left, issuer, callback });
    const refreshed = client.refresh(spec, "a-refresh-token", "read");
    for (const answer of [await exchanged, await refreshed]) {
      expect(answer).toMatchObject({ ok: false, reason: { kind: "invalid-grant" } });
    }
    await expect(client.revoke(spec, { accessToken: "a-token" })).resolves.toBe("failed");
    expect([server.hits("POST /reg"), server.hits("POST /token")]).toEqual([1, 0]);
  });

  it("that has registered anew meanwhile is not forgotten for the one before", async () => {
    const newer = { clientId: "newer", method: "none", secret: null, expiresAt: null };
    const older = { client_id: "older", token_endpoint_auth_method: "none" };
    const server = await openRegistrar({ status: 201, body: older }, {}, () => {
      saved.push(JSON.stringify({ ...JSON.parse(saved[0]!), ...newer }));
      return { status: 401, body: { error: "invalid_client" } };
    });
    const { client } = createFixture();
    const declared = { urls: { issuer: server.origin } };
    const { spec, saved } = toSpec({ declared, settings: dynamic });
    await client.authorizationUrl(spec, left);
    const refused = await client.refresh(spec, "a-refresh-token", "");
    expect(refused).toMatchObject({ ok: false, reason: { kind: "invalid-grant" } });
    expect(JSON.parse(saved.at(-1)!)).toMatchObject(newer);
  });

  it("registers anew after the server has forgotten it, and says that a person is needed", async () => {
    const server = await startOidcServer({ redirectUris: [] });
    const { client } = createFixture();
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec, saved } = toSpec({ declared, settings: dynamic });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    server.plan("POST /token", {
      status: 401,
      headers: { "content-type": "application/json" },
      body: '{"error":"invalid_client"}',
    });
    const refused = await client.refresh(spec, granted.value.token.refreshToken!, "read");
    expect(refused).toMatchObject({ ok: false, reason: { kind: "invalid-grant" } });
    const again = await (await connect(client, spec)).exchange();
    expect(again.ok).toBe(true);
    expect(server.hits("POST /reg")).toBe(2);
    expect(JSON.parse(saved[2]!).clientId).not.toBe(JSON.parse(saved[0]!).clientId);
  });

  it.each<[string, object, object]>([
    ["a public one", { client_id: "c" }, { method: "none", secret: null }],
    [
      "one with a secret that it has not asked for",
      { client_id: "c", client_secret: "s", client_secret_expires_at: 0 },
      { method: "basic", secret: "s", expiresAt: null },
    ],
    [
      "one for another way",
      {
        client_id: "c",
        client_secret: "s",
        client_secret_expires_at: 4_000_000_000,
        token_endpoint_auth_method: "client_secret_post",
      },
      { method: "post", secret: "s", expiresAt: 4_000_000_000_000 },
    ],
  ])("may become %s", async (_what, body, expected) => {
    const server = await openRegistrar({ status: 201, body });
    const { client } = createFixture();
    const { spec, saved } = toSpec({
      declared: { urls: { issuer: server.origin } },
      settings: dynamic,
    });
    const answer = await client.authorizationUrl(spec, left);
    expect(answer.ok && new URL(answer.value.url).searchParams.get("client_id")).toBe("c");
    expect(JSON.parse(saved[0]!)).toMatchObject(expected);
  });

  it.each<[string, LoopbackAnswer, string]>([
    ["HTML", { status: 201, body: "<html>" }, "bad-answer"],
    ["no id", { status: 201, body: {} }, "bad-answer"],
    ["an empty id", { status: 201, body: { client_id: "" } }, "bad-answer"],
    [
      "a secret without a word when it ends",
      { status: 201, body: { client_id: "c", client_secret: "s" } },
      "bad-answer",
    ],
    [
      "a way that it has no secret for",
      { status: 201, body: { client_id: "c", token_endpoint_auth_method: "client_secret_basic" } },
      "bad-answer",
    ],
    [
      "a way that nobody knows",
      { status: 201, body: { client_id: "c", token_endpoint_auth_method: "tls_client_auth" } },
      "bad-answer",
    ],
    ["a redirect", { status: 307, headers: { location: "https://evil.test" } }, "bad-answer"],
    [
      "a refusal of the redirect URI",
      { status: 400, body: { error: "invalid_redirect_uri" } },
      "misconfigured",
    ],
    ["a refusal in its own words", { status: 403, body: "no" }, "misconfigured"],
    ["a fault of its own", { status: 500 }, "temporary"],
  ])("is not, when the answer is %s", async (_what, answer, kind) => {
    const server = await openRegistrar(answer);
    const { client } = createFixture();
    const { spec, saved } = toSpec({
      declared: { urls: { issuer: server.origin } },
      settings: dynamic,
    });
    await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
      ok: false,
      reason: { kind },
    });
    expect(saved).toEqual([]);
  });

  it.each<[string, OAuthClientSettings, object]>([
    ["where it cannot", dynamic, { registration_endpoint: undefined }],
    ["where it would be overheard", dynamic, { registration_endpoint: "http://a.test/register" }],
    ["with a key", { ...dynamic, clientAuth: "private_key_jwt" }, {}],
  ])("is told so %s", async (_where, settings, more) => {
    const server = await openRegistrar({ status: 201, body: { client_id: "c" } }, more);
    const { client } = createFixture();
    const { spec } = toSpec({ declared: { urls: { issuer: server.origin } }, settings });
    await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "misconfigured" },
    });
    expect(server.hits("POST /register")).toBe(0);
  });

  it("asks for the way that the server offers", async () => {
    const server = await openRegistrar(
      { status: 201, body: { client_id: "c" } },
      { token_endpoint_auth_methods_supported: ["none"] },
    );
    const { client } = createFixture();
    const { spec } = toSpec({ declared: { urls: { issuer: server.origin } }, settings: dynamic });
    await client.authorizationUrl(spec, left);
    const request = server.requests.find(({ route }) => route === "POST /register");
    expect(JSON.parse(request!.body)).toMatchObject({ token_endpoint_auth_method: "none" });
  });
});
