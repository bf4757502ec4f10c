import * as arctic from "arctic";
import { calculatePKCECodeChallenge } from "oauth4webapi";
import { describe, expect, it } from "vitest";
import { findProvider, PROVIDER_NAMES } from "../../../src/core/auth/providers/index.ts";
import type { OAuthClientSettings } from "../../../src/types/oauth.ts";
import { createFixture, REDIRECT_URI, STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";
import { left, NAMES, specOf, TENANT, type Name } from "./oauth-provider-fixture.ts";

describe("the providers", () => {
  it("are these", () => {
    expect(PROVIDER_NAMES.toSorted()).toEqual([...NAMES, "custom"].toSorted());
  });

  it("that nobody knows are refused", async () => {
    const { client } = createFixture();
    const { spec } = toSpec({ declared: { provider: "myspace" } });
    await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "misconfigured" },
    });
  });
});

describe("the way to a provider", () => {
  const common = {
    response_type: "code",
    client_id: "client.id",
    redirect_uri: REDIRECT_URI,
    state: STATE,
    code_challenge_method: "S256",
  };
  it.each<[Name, string, OAuthClientSettings, string, string | null, Record<string, string>]>([
    [
      "google",
      "",
      {},
      "https://accounts.google.com/o/oauth2/v2/auth",
      "https://accounts.google.com",
      {
        scope: "email https://www.googleapis.com/auth/drive",
        access_type: "offline",
        prompt: "consent",
      },
    ],
    [
      "microsoft",
      "",
      {},
      "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
      null,
      { scope: "User.Read https://graph.microsoft.com/mail.read offline_access" },
    ],
    [
      "microsoft",
      "of a tenant",
      { tenant: TENANT },
      `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`,
      `https://login.microsoftonline.com/${TENANT}/v2.0`,
      { scope: "User.Read https://graph.microsoft.com/mail.read offline_access" },
    ],
    [
      "github",
      "",
      {},
      "https://github.com/login/oauth/authorize",
      null,
      { scope: "repo public_repo gist" },
    ],
    [
      "github",
      "of an enterprise",
      { baseUrl: "https://git.example.test/" },
      "https://git.example.test/login/oauth/authorize",
      null,
      { scope: "repo public_repo gist" },
    ],
    [
      "slack",
      "",
      {},
      "https://slack.com/oauth/v2/authorize",
      null,
      { user_scope: "search:read,channels:read" },
    ],
    ["notion", "", {}, "https://api.notion.com/v1/oauth/authorize", null, { owner: "user" }],
    [
      "gitlab",
      "",
      {},
      "https://gitlab.com/oauth/authorize",
      "https://gitlab.com",
      { scope: "read_api read_user" },
    ],
    [
      "gitlab",
      "of one's own, in a folder",
      { baseUrl: "https://example.test/gitlab" },
      "https://example.test/gitlab/oauth/authorize",
      "https://example.test/gitlab",
      { scope: "read_api read_user" },
    ],
    ["linear", "", {}, "https://linear.app/oauth/authorize", null, { scope: "read,issues:create" }],
    [
      "atlassian",
      "",
      {},
      "https://auth.atlassian.com/authorize",
      null,
      {
        scope: "read:jira-work offline_access",
        audience: "api.atlassian.com",
        prompt: "consent",
      },
    ],
  ])("%s %s has PKCE and what it needs, and nothing else", async (name, _of, settings, ...rest) => {
    const [address, issuer, own] = rest;
    const { client, outbound } = createFixture();
    const answer = await client.authorizationUrl(specOf(name, settings), left);
    if (!answer.ok) throw new Error(answer.reason.reason);
    const url = new URL(answer.value.url);
    expect(`${url.origin}${url.pathname}`).toBe(address);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...common,
      code_challenge: await calculatePKCECodeChallenge(VERIFIER),
      ...own,
    });
    expect(answer.value.issuer).toBe(issuer);
    expect(outbound.asked).toEqual([]);
  });

  it.each(NAMES.filter((name) => name !== "slack"))("%s is the one that arctic knows", (name) => {
    const provider = findProvider(name)!;
    const found = provider.endpoints({});
    if (!found.ok) throw new Error(found.reason);
    const settings = { clientId: "client.id" };
    const request = { clientId: "client.id", redirectUri: REDIRECT_URI, ...left };
    const built = provider.authorizationUrl(arctic, {
      ...request,
      scopes: ["read"],
      settings,
      endpoints: found.value,
    });
    expect(`${built.origin}${built.pathname}`).toBe(found.value.authorization);
  });

  it.each<[Name, OAuthClientSettings]>([
    ["microsoft", { tenant: "../evil" }],
    ["microsoft", { tenant: "common/../../evil" }],
    ["microsoft", { tenant: "" }],
    ["microsoft", { tenant: "evil.example/common" }],
    ["gitlab", { baseUrl: "javascript:alert(1)" }],
    ["gitlab", { baseUrl: "gitlab.example.test" }],
    ["gitlab", { baseUrl: "https://user:password@gitlab.example.test" }],
    ["gitlab", { baseUrl: "https://user@gitlab.example.test" }],
    ["gitlab", { baseUrl: "https://gitlab.example.test?x=1" }],
    ["gitlab", { baseUrl: "http://gitlab.example.test" }],
    ["github", { baseUrl: "ftp://git.example.test" }],
  ])("%s is not built of %o", async (name, settings) => {
    const { client } = createFixture();
    await expect(client.authorizationUrl(specOf(name, settings), left)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "misconfigured" },
    });
  });
});
