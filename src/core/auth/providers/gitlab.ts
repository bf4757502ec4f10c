import { ok, refuse } from "../../../util/result.ts";
import { readBaseUrl } from "./base-url.ts";
import type { OAuthProvider } from "./provider.ts";

const GITLAB = "https://gitlab.com";

export const gitlab: OAuthProvider = {
  name: "gitlab",
  title: "GitLab",
  clientAuth: "post",
  endpoints({ baseUrl }) {
    const base = readBaseUrl(baseUrl, GITLAB);
    if (base === null) return refuse("`baseUrl` must be the address of a GitLab, with `https:`.");
    return ok({
      issuer: base,
      authorization: `${base}/oauth/authorize`,
      token: `${base}/oauth/token`,
      revocation: `${base}/oauth/revoke`,
      account: { url: `${base}/api/v4/user`, field: "username" },
    });
  },
  authorizationUrl({ GitLab }, { clientId, redirectUri, state, scopes }) {
    return new GitLab(GITLAB, clientId, null, redirectUri).createAuthorizationURL(state, [
      ...scopes,
    ]);
  },
};
