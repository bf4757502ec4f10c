import type { OAuthClientSettings } from "../../../src/types/oauth.ts";
import { PROVIDER_SECRET, type PROVIDER_SHAPES } from "../../helpers/provider-shapes.ts";
import { STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";

export type Name = keyof typeof PROVIDER_SHAPES;

export const SCOPES: Record<Name, string[]> = {
  google: ["email", "https://www.googleapis.com/auth/drive"],
  microsoft: ["User.Read", "https://graph.microsoft.com/mail.read", "offline_access"],
  github: ["repo", "public_repo", "gist"],
  slack: ["search:read", "channels:read"],
  notion: ["read_content"],
  gitlab: ["read_api", "read_user"],
  linear: ["read", "issues:create"],
  atlassian: ["read:jira-work", "offline_access"],
};
export const NAMES = Object.keys(SCOPES) as Name[];
export const TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";

export const specOf = (
  provider: Name,
  settings: OAuthClientSettings = {},
  secret = PROVIDER_SECRET,
) =>
  toSpec({
    declared: { provider, scopes: SCOPES[provider] },
    settings: { clientId: "client.id", ...settings },
    secret,
  }).spec;

export const left = { state: STATE, codeVerifier: VERIFIER };
export const flowOf = (
  issuer: string | null,
  query: Record<string, string> = { code: "good-code" },
) => ({
  ...left,
  issuer,
  callback: new URLSearchParams({ state: STATE, ...query }),
});
/** What each provider's issuer is known to be. */
export const ISSUERS: Partial<Record<Name, string>> = {
  google: "https://accounts.google.com",
  gitlab: "https://gitlab.com",
};
