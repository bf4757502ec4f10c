import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OIDC_RESOURCE, OIDC_SECRET, startOidcServer } from "../../helpers/oidc-server.ts";
import { connect, createFixture, REDIRECT_URI, STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";

const redirectUris = [REDIRECT_URI];
const scopes = ["read", "write"];
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = keys.privateKey.export({ format: "pem", type: "pkcs8" }) as string;

describe("a real authorization server", () => {
  it.each([
    ["basic", { clientId: "basic" }, OIDC_SECRET],
    ["basic by name", { clientId: "basic", clientAuth: "basic" }, OIDC_SECRET],
    ["post", { clientId: "post", clientAuth: "post" }, OIDC_SECRET],
    ["private_key_jwt", { clientId: "keyed", clientAuth: "private_key_jwt" }, PEM],
    ["none", { clientId: "public" }, null],
    ["none by name", { clientId: "public", clientAuth: "none" }, OIDC_SECRET],
  ] as const)(
    "is connected, refreshed and disconnected with %s",
    async (_name, settings, secret) => {
      const publicKey = keys.publicKey.export({ format: "jwk" }) as JsonWebKey;
      const server = await startOidcServer({ redirectUris, publicKey });
      const { client, time } = createFixture();
      const declared = { scopes, urls: { issuer: server.issuer } };
      const { spec, secrets } = toSpec({ declared, settings, secret });

      const { exchange, issuer } = await connect(client, spec);
      expect(issuer).toBe(server.issuer);
      const granted = await exchange();
      expect(granted).toMatchObject({
        ok: true,
        value: {
          token: {
            accessToken: expect.stringMatching(/^.{20,}$/),
            refreshToken: expect.stringMatching(/^.{20,}$/),
            expiresAt: time.now() + 3_600_000,
            scope: "read write",
            tokenType: "Bearer",
          },
          missingScopes: [],
        },
      });
      if (!granted.ok) return;
      const first = granted.value.token;

      const refreshed = await client.refresh(spec, first.refreshToken!, first.scope);
      expect(refreshed).toMatchObject({ ok: true, value: { token: { scope: "read write" } } });
      if (!refreshed.ok) return;
      const { accessToken, refreshToken } = refreshed.value.token;
      expect(accessToken).not.toBe(first.accessToken);
      expect(refreshToken).not.toBe(first.refreshToken);

      await expect(client.revoke(spec, { accessToken, refreshToken: refreshToken! })).resolves.toBe(
        "revoked",
      );
      await expect(client.refresh(spec, refreshToken!, first.scope)).resolves.toMatchObject({
        ok: false,
        reason: { kind: "invalid-grant", code: "invalid_grant" },
      });
      expect(secrets.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    },
  );

  it("is asked with PKCE, and takes no code without the verifier", async () => {
    const server = await startOidcServer({ redirectUris });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const { callback, issuer } = await connect(client, spec);
    const codeVerifier = VERIFIER.replace("abc", "abd");
    await expect(
      client.exchange(spec, { state: STATE, codeVerifier, issuer, callback }),
    ).resolves.toMatchObject({ ok: false, reason: { kind: "invalid-grant" } });
  });

  it("says no for a person who says no", async () => {
    const server = await startOidcServer({ redirectUris });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const { exchange } = await connect(client, spec, { decision: "deny" });
    await expect(exchange()).resolves.toMatchObject({
      ok: false,
      reason: { kind: "denied", code: "access_denied" },
    });
    expect(server.hits("POST /token")).toBe(0);
  });

  it("may grant less than it is asked for, which is said", async () => {
    const server = await startOidcServer({ redirectUris, grantScopes: () => ["read"] });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const { exchange } = await connect(client, spec);
    await expect(exchange()).resolves.toMatchObject({
      ok: true,
      value: { token: { scope: "read" }, missingScopes: ["write"] },
    });
  });

  it("names the person in an ID token, for people to see whose account it is", async () => {
    const server = await startOidcServer({ redirectUris });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes: ["openid", "offline_access"], urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const { exchange } = await connect(client, spec, { login: "bob" });
    await expect(exchange()).resolves.toMatchObject({
      ok: true,
      value: { account: "bob@example.test", missingScopes: [] },
    });
  });

  it("is asked for a resource at every step", async () => {
    const server = await startOidcServer({ redirectUris });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer, resource: OIDC_RESOURCE } },
      settings: { clientId: "basic" },
      secret: OIDC_SECRET,
    });
    const { exchange } = await connect(client, spec);
    const granted = await exchange();
    expect(granted.ok).toBe(true);
    if (!granted.ok) return;
    const { refreshToken } = granted.value.token;
    const refreshed = await client.refresh(spec, refreshToken!, "read write");
    const service = await client.clientCredentials(spec);
    for (const answer of [granted, refreshed, service]) {
      expect(answer).toMatchObject({ ok: true, value: { token: { scope: "read write" } } });
      if (!answer.ok) return;
      const kept =
        (await server.provider.AccessToken.find(answer.value.token.accessToken)) ??
        (await server.provider.ClientCredentials.find(answer.value.token.accessToken));
      expect(kept).toMatchObject({ aud: OIDC_RESOURCE });
    }
  });

  it("gives a client a token for itself", async () => {
    const server = await startOidcServer({ redirectUris, accessTokenSeconds: 5 });
    const { client, time } = createFixture();
    const { spec } = toSpec({
      declared: { scopes: ["read"], urls: { issuer: server.issuer } },
      settings: { clientId: "basic", grant: "client_credentials" },
      secret: OIDC_SECRET,
    });
    const granted = await client.clientCredentials(spec);
    expect(granted).toMatchObject({
      ok: true,
      value: {
        token: { scope: "read", expiresAt: time.now() + 5000 },
        missingScopes: [],
        account: null,
      },
    });
    expect(granted.ok && "refreshToken" in granted.value.token).toBe(false);
  });

  it("that is strict ends the grant when a refresh token comes twice", async () => {
    const server = await startOidcServer({ redirectUris });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const { refreshToken } = granted.value.token;
    const next = await client.refresh(spec, refreshToken!, "read write");
    if (!next.ok) throw new Error(next.reason.reason);
    const refused = { ok: false, reason: { kind: "invalid-grant" } };
    await expect(client.refresh(spec, refreshToken!, "")).resolves.toMatchObject(refused);
    await expect(client.refresh(spec, next.value.token.refreshToken!, "")).resolves.toMatchObject(
      refused,
    );
  });

  it("that honours the previous refresh token takes it until the new one is used", async () => {
    const server = await startOidcServer({ redirectUris, honoursPrevious: true });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const first = granted.value.token.refreshToken!;
    const lost = await client.refresh(spec, first, "");
    expect(lost.ok).toBe(true);
    const second = await client.refresh(spec, first, "");
    if (!second.ok) throw new Error(second.reason.reason);
    const third = await client.refresh(spec, second.value.token.refreshToken!, "");
    expect(third.ok).toBe(true);
    await expect(client.refresh(spec, first, "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "invalid-grant" },
    });
  });

  it("that keeps refresh tokens is refreshed with the same one", async () => {
    const server = await startOidcServer({ redirectUris, rotates: false });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes, urls: { issuer: server.issuer } },
      settings: { clientId: "public" },
    });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const { refreshToken } = granted.value.token;
    for (let turn = 0; turn < 2; turn++) {
      const next = await client.refresh(spec, refreshToken!, "read write");
      expect(next).toMatchObject({ ok: true, value: { missingScopes: [] } });
    }
  });
});
