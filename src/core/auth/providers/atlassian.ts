import { ok } from "../../../util/result.ts";
import type { OAuthProvider } from "./provider.ts";

/** Jira and Confluence in Atlassian's cloud. */
export const atlassian: OAuthProvider = {
  name: "atlassian",
  title: "Atlassian",
  clientAuth: "post",
  endpoints: () =>
    ok({
      issuer: null,
      authorization: "https://auth.atlassian.com/authorize",
      token: "https://auth.atlassian.com/oauth/token",
    }),
  // arctic sets `audience` and `prompt`.
  authorizationUrl: ({ Atlassian }, { clientId, redirectUri, state, scopes }) =>
    new Atlassian(clientId, "", redirectUri).createAuthorizationURL(state, [...scopes]),
  offlineScopes: ["offline_access"],
  // Its documented answers name no type.
  readAnswer: (body) => ("token_type" in body ? body : { ...body, token_type: "Bearer" }),
  // "refresh_token is invalid", it says.
  refreshErrors: { unauthorized_client: "invalid-grant" },
};
