import { ok } from "../../../util/result.ts";
import type { OAuthProvider } from "./provider.ts";

const USERINFO = "https://www.googleapis.com/auth/userinfo";

export const google: OAuthProvider = {
  name: "google",
  title: "Google",
  clientAuth: "post",
  endpoints: () =>
    ok({
      issuer: "https://accounts.google.com",
      authorization: "https://accounts.google.com/o/oauth2/v2/auth",
      token: "https://oauth2.googleapis.com/token",
      revocation: "https://oauth2.googleapis.com/revoke",
    }),
  authorizationUrl({ Google }, { clientId, redirectUri, state, codeVerifier, scopes }) {
    const url = new Google(clientId, "", redirectUri).createAuthorizationURL(state, codeVerifier, [
      ...scopes,
    ]);
    url.searchParams.set("access_type", "offline");
    // Only with consent does it give a refresh token to somebody who has been here before.
    url.searchParams.set("prompt", "consent");
    return url;
  },
  revokesAll: true,
  canonicalScope: (scope) =>
    scope === "email" || scope === "profile" ? `${USERINFO}.${scope}` : scope,
};
