import { ok } from "../../../util/result.ts";
import type { OAuthProvider } from "./provider.ts";

export const linear: OAuthProvider = {
  name: "linear",
  title: "Linear",
  clientAuth: "post",
  endpoints: () =>
    ok({
      issuer: null,
      authorization: "https://linear.app/oauth/authorize",
      token: "https://api.linear.app/oauth/token",
      revocation: "https://api.linear.app/oauth/revoke",
    }),
  authorizationUrl({ Linear }, { clientId, redirectUri, state, scopes }) {
    const url = new Linear(clientId, "", redirectUri).createAuthorizationURL(state, []);
    if (scopes.length > 0) url.searchParams.set("scope", scopes.join(","));
    return url;
  },
  readAnswer(body) {
    const { scope } = body;
    if (Array.isArray(scope)) return { ...body, scope: scope.join(" ") };
    return typeof scope === "string" ? { ...body, scope: scope.replaceAll(",", " ") } : body;
  },
};
