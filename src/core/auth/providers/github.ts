import { ok, refuse } from "../../../util/result.ts";
import { readBaseUrl } from "./base-url.ts";
import type { OAuthProvider } from "./provider.ts";

/** GitHub, GitHub Enterprise Server and `*.ghe.com`; OAuth apps, and GitHub apps that act for people. */
export const github: OAuthProvider = {
  name: "github",
  title: "GitHub",
  clientAuth: "post",
  endpoints({ baseUrl }) {
    const base = readBaseUrl(baseUrl, "https://github.com");
    if (base === null) return refuse("`baseUrl` must be the address of a GitHub, with `https:`.");
    const api = apiOf(new URL(base));
    return ok({
      issuer: null,
      authorization: `${base}/login/oauth/authorize`,
      token: `${base}/login/oauth/access_token`,
      account: { url: `${api}/user`, field: "login" },
      api,
    });
  },
  authorizationUrl({ GitHub }, { clientId, redirectUri, state, scopes }) {
    return new GitHub(clientId, "", redirectUri).createAuthorizationURL(state, [...scopes]);
  },
  // Errors come with status 200.
  errors: {
    bad_refresh_token: "invalid-grant",
    bad_verification_code: "invalid-grant",
    incorrect_client_credentials: "misconfigured",
    unverified_user_email: "denied",
    // It knows no such client id.
    "Not Found": "misconfigured",
  },
  readAnswer: (body) =>
    typeof body["scope"] === "string"
      ? { ...body, scope: body["scope"].replaceAll(",", " ") }
      : body,
  // What a GitHub app may do stands in the app.
  isScopeless: (accessToken) => accessToken.startsWith("ghu_"),
  includedScopes: {
    repo: ["repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"],
    user: ["read:user", "user:email", "user:follow"],
    "admin:org": ["write:org", "read:org", "manage_runners:org"],
    "write:org": ["read:org"],
    "admin:repo_hook": ["write:repo_hook", "read:repo_hook"],
    "write:repo_hook": ["read:repo_hook"],
    "admin:public_key": ["write:public_key", "read:public_key"],
    "write:public_key": ["read:public_key"],
    "admin:gpg_key": ["write:gpg_key", "read:gpg_key"],
    "write:gpg_key": ["read:gpg_key"],
    "write:packages": ["read:packages"],
    project: ["read:project"],
    "write:discussion": ["read:discussion"],
    codespace: ["codespace:secrets"],
  },
  revokesAll: true,
  revocation: ({ endpoints, clientId, basic, accessToken }) =>
    basic === null
      ? null
      : {
          url: `${endpoints.api}/applications/${encodeURIComponent(clientId)}/grant`,
          method: "DELETE",
          headers: {
            authorization: basic,
            accept: "application/vnd.github+json",
            "content-type": "application/json",
          },
          body: JSON.stringify({ access_token: accessToken }),
          isDone: (status) => status === 204,
        },
};

function apiOf({ origin, host }: URL): string {
  if (host === "github.com" || host.endsWith(".ghe.com")) return `https://api.${host}`;
  return `${origin}/api/v3`;
}
