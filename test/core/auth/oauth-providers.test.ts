import { describe, expect, it } from "vitest";
import { ACCESS_TOKEN, PROVIDER_SHAPES, REFRESH_TOKEN } from "../../helpers/provider-shapes.ts";
import { startProviderServer } from "../../helpers/provider-servers.ts";
import { createFixture } from "./oauth-fixture.ts";
import { flowOf, ISSUERS, NAMES, SCOPES, specOf, type Name } from "./oauth-provider-fixture.ts";

describe("an account", () => {
  const FIRST: Record<Name, object> = {
    google: { refreshToken: REFRESH_TOKEN, lifetime: 3599, account: null },
    microsoft: { refreshToken: REFRESH_TOKEN, lifetime: 4711, account: null },
    github: { accessToken: "gho_access-token-1", scope: "repo gist", account: "octocat" },
    slack: {
      refreshToken: REFRESH_TOKEN,
      lifetime: 43_200,
      scope: "search:read channels:read",
      account: "U1234 (Softball Team)",
    },
    notion: { scope: "read_content", account: "ada@example.test (Acme)" },
    gitlab: { refreshToken: REFRESH_TOKEN, lifetime: 7200, account: "john_smith" },
    linear: {
      refreshToken: REFRESH_TOKEN,
      lifetime: 86_399,
      scope: "read issues:create",
      account: null,
    },
    atlassian: { refreshToken: REFRESH_TOKEN, lifetime: 3600, account: null },
  };

  it.each(NAMES)("at %s is connected", async (name) => {
    const server = await startProviderServer(PROVIDER_SHAPES[name]);
    const { client, time } = createFixture(server.stands);
    const granted = await client.exchange(specOf(name), flowOf(ISSUERS[name] ?? null));
    if (!granted.ok) throw new Error(granted.reason.reason);
    const { token, missingScopes, account } = granted.value;
    const { lifetime, account: whose, ...expected } = FIRST[name] as Record<string, unknown>;
    expect(token).toEqual({
      accessToken: ACCESS_TOKEN,
      scope: token.scope,
      tokenType: "Bearer",
      expiresAt:
        lifetime === undefined ? Number.MAX_SAFE_INTEGER : time.now() + (lifetime as number) * 1000,
      ...expected,
    });
    expect(missingScopes).toEqual([]);
    expect(account).toBe(whose);
  });

  it.each(NAMES)("at %s is refreshed", async (name) => {
    const server = await startProviderServer(PROVIDER_SHAPES[name]);
    const { client } = createFixture(server.stands);
    const refreshed = await client.refresh(specOf(name), REFRESH_TOKEN, SCOPES[name].join(" "));
    if (!refreshed.ok) throw new Error(refreshed.reason.reason);
    const { token, missingScopes } = refreshed.value;
    expect(token.accessToken).toContain("access-token-2");
    // Google keeps the one that it has given.
    expect(token.refreshToken?.includes("refresh-token-2")).toBe(
      name === "google" ? undefined : true,
    );
    expect(missingScopes).toEqual([]);
  });

  it("at Microsoft is refreshed with its scopes, and with the one that keeps it refreshable", async () => {
    const server = await startProviderServer(PROVIDER_SHAPES.microsoft);
    const { client } = createFixture(server.stands);
    await client.refresh(specOf("microsoft"), REFRESH_TOKEN, "User.Read");
    const [request] = server.requests;
    expect(new URLSearchParams(request!.body).get("scope")).toBe("User.Read offline_access");
  });

  it.each(NAMES.filter((name) => name !== "microsoft"))(
    "at %s is refreshed without naming scopes, so that nothing more is asked for",
    async (name) => {
      const server = await startProviderServer(PROVIDER_SHAPES[name]);
      const { client } = createFixture(server.stands);
      await client.refresh(specOf(name), REFRESH_TOKEN, "some");
      expect(new URLSearchParams(server.requests[0]!.body).has("scope")).toBe(false);
    },
  );

  it.each(NAMES)("at %s that was revoked there needs a person", async (name) => {
    const server = await startProviderServer(PROVIDER_SHAPES[name]);
    const { client } = createFixture(server.stands);
    await expect(client.refresh(specOf(name), "stale", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind: "invalid-grant" },
    });
  });

  it.each(NAMES)(
    "at %s is not connected with a wrong secret, and the operator is told",
    async (name) => {
      const server = await startProviderServer(PROVIDER_SHAPES[name]);
      const { client } = createFixture(server.stands);
      const spec = specOf(name, {}, "wrong");
      const refused = await client.exchange(spec, flowOf(ISSUERS[name] ?? null));
      expect(refused).toMatchObject({ ok: false, reason: { kind: "misconfigured" } });
      expect(!refused.ok && refused.reason.reason).toContain("oauth secret work");
    },
  );

  it.each<[Name, "revoked" | "unsupported", string[]]>([
    ["google", "revoked", ["POST /revoke", "POST /revoke"]],
    ["microsoft", "unsupported", []],
    ["github", "revoked", ["DELETE /applications/client.id/grant"]],
    ["slack", "revoked", ["POST /api/auth.revoke"]],
    ["notion", "revoked", ["POST /v1/oauth/revoke"]],
    ["gitlab", "revoked", ["POST /oauth/revoke", "POST /oauth/revoke"]],
    ["linear", "revoked", ["POST /oauth/revoke", "POST /oauth/revoke"]],
    ["atlassian", "unsupported", []],
  ])("at %s is ended there: %s", async (name, outcome, requests) => {
    const server = await startProviderServer(PROVIDER_SHAPES[name]);
    const { client } = createFixture(server.stands);
    const token = { accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN };
    await expect(client.revoke(specOf(name), token)).resolves.toBe(outcome);
    expect(server.requests.map(({ route }) => route)).toEqual(requests);
  });

  it.each(["github", "notion"] as const)(
    "at %s is not ended without the client's secret, and nothing is sent",
    async (name) => {
      const server = await startProviderServer(PROVIDER_SHAPES[name]);
      const { client } = createFixture(server.stands);
      const spec = specOf(name, {}, "");
      await expect(client.revoke(spec, { accessToken: ACCESS_TOKEN })).resolves.toBe("failed");
      expect(server.requests).toEqual([]);
    },
  );
});

describe("the quirks of a provider", () => {
  it.each<[string, Name, object, readonly string[]]>([
    [
      "a scope under its other name",
      "google",
      { scope: "profile https://www.googleapis.com/auth/drive" },
      ["email"],
    ],
    [
      "fewer scopes",
      "google",
      { scope: "https://www.googleapis.com/auth/userinfo.email" },
      ["https://www.googleapis.com/auth/drive"],
    ],
    [
      "no refresh token where offline access was asked for",
      "microsoft",
      { refresh_token: undefined },
      ["offline_access"],
    ],
    [
      "fewer scopes in their long form",
      "microsoft",
      { scope: "https://graph.microsoft.com/User.Read" },
      ["https://graph.microsoft.com/mail.read"],
    ],
    ["a smaller scope", "github", { scope: "public_repo" }, ["repo", "gist"]],
    ["a wider scope", "github", { scope: "repo,gist,user" }, []],
    [
      "a GitHub app's token, which has no scopes",
      "github",
      { access_token: "ghu_access-token", scope: "" },
      [],
    ],
    [
      "an OAuth app's token without scopes",
      "github",
      { scope: "" },
      ["repo", "public_repo", "gist"],
    ],
    ["fewer scopes", "linear", { scope: "read" }, ["issues:create"]],
    [
      "no refresh token where offline access was asked for",
      "atlassian",
      { refresh_token: undefined },
      ["offline_access"],
    ],
  ])("%s at %s", async (_what, name, change, missing) => {
    const shape = PROVIDER_SHAPES[name];
    const server = await startProviderServer({
      ...shape,
      granted: { ...shape.granted, ...change },
    });
    const { client } = createFixture(server.stands);
    const granted = await client.exchange(specOf(name), flowOf(ISSUERS[name] ?? null));
    expect(granted).toMatchObject({ ok: true, value: { missingScopes: missing } });
  });

  it("Google's token without a refresh token is a token that ends, and no refusal", async () => {
    const { refresh_token: _none, ...granted } = PROVIDER_SHAPES.google.granted;
    const server = await startProviderServer({ ...PROVIDER_SHAPES.google, granted });
    const { client, time } = createFixture(server.stands);
    const answer = await client.exchange(specOf("google"), flowOf(ISSUERS.google!));
    if (!answer.ok) throw new Error(answer.reason.reason);
    expect(answer.value.token.refreshToken).toBeUndefined();
    expect(answer.value.token.expiresAt).toBe(time.now() + 3_599_000);
  });

  it("Slack's own token counts, and not the bot's beside it", async () => {
    const shape = PROVIDER_SHAPES.slack;
    const bot = { access_token: "bot-token", token_type: "bot", scope: "chat:write" };
    const server = await startProviderServer({ ...shape, granted: { ...shape.granted, ...bot } });
    const { client } = createFixture(server.stands);
    await expect(client.exchange(specOf("slack"), flowOf(null))).resolves.toMatchObject({
      ok: true,
      value: { token: { accessToken: ACCESS_TOKEN, scope: "search:read channels:read" } },
    });
  });

  it.each<[Name, object, string]>([
    ["github", { status: 404, body: { error: "Not Found" } }, "misconfigured"],
    ["github", { body: { error: "redirect_uri_mismatch" } }, "misconfigured"],
    ["github", { body: { error: "bad_verification_code" } }, "invalid-grant"],
    ["slack", { body: { ok: false, error: "ratelimited" } }, "temporary"],
    ["slack", { body: { ok: false, error: "pkce_not_allowed" } }, "misconfigured"],
    ["slack", { body: { ok: false } }, "bad-answer"],
    ["slack", { body: { ok: true } }, "bad-answer"],
    ["microsoft", { status: 400, body: { error: "interaction_required" } }, "invalid-grant"],
    ["microsoft", { status: 400, body: { error: "temporarily_unavailable" } }, "temporary"],
    ["atlassian", { status: 403, body: { error: "invalid_grant" } }, "invalid-grant"],
  ])("%s answers %j: %s", async (name, badGrant, kind) => {
    const server = await startProviderServer({ ...PROVIDER_SHAPES[name], badGrant });
    const { client } = createFixture(server.stands);
    await expect(client.refresh(specOf(name), "stale", "")).resolves.toMatchObject({
      ok: false,
      reason: { kind },
    });
  });
});
