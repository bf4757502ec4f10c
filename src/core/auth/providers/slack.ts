import { ok } from "../../../util/result.ts";
import { isJsonObject } from "../../../util/json-object.ts";
import type { JsonObject, OAuthProvider } from "./provider.ts";

/** Slack, for people: the token acts as the one who connects, never as a bot. */
export const slack: OAuthProvider = {
  name: "slack",
  title: "Slack",
  clientAuth: "post",
  endpoints: () =>
    ok({
      issuer: null,
      authorization: "https://slack.com/oauth/v2/authorize",
      token: "https://slack.com/api/oauth.v2.access",
      api: "https://slack.com/api",
    }),
  // arctic's own Slack is the one that signs people in and does nothing else for them.
  authorizationUrl({ OAuth2Client }, { clientId, redirectUri, state, scopes, endpoints }) {
    const client = new OAuth2Client(clientId, null, redirectUri);
    const url = client.createAuthorizationURL(endpoints.authorization, state, []);
    url.searchParams.set("user_scope", scopes.join(","));
    return url;
  },
  readAnswer(body) {
    if (body["ok"] !== true) return { error: body["error"] ?? "unknown_error" };
    // A first answer has the person's token inside, an answer to a refresh has it where the standard has it.
    const inner = body["authed_user"];
    const own = isJsonObject(inner) && inner["access_token"] !== undefined ? inner : body;
    const { token_type: type, scope } = own;
    return {
      ...own,
      // `user` or `bot`: both are sent as bearer tokens.
      token_type: type === "user" || type === "bot" ? "Bearer" : type,
      ...(typeof scope === "string" && { scope: scope.replaceAll(",", " ") }),
    };
  },
  errors: {
    invalid_code: "invalid-grant",
    code_already_used: "invalid-grant",
    invalid_code_verifier: "invalid-grant",
    invalid_refresh_token: "invalid-grant",
    token_expired: "invalid-grant",
    token_revoked: "invalid-grant",
    invalid_auth: "invalid-grant",
    account_inactive: "invalid-grant",
    invalid_client_id: "misconfigured",
    bad_client_secret: "misconfigured",
    bad_redirect_uri: "misconfigured",
    invalid_scope: "misconfigured",
    no_scopes: "misconfigured",
    no_user_scopes: "misconfigured",
    oauth_authorization_url_mismatch: "misconfigured",
    invalid_grant_type: "misconfigured",
    pkce_not_allowed: "misconfigured",
    team_access_not_granted: "denied",
    ratelimited: "temporary",
    internal_error: "temporary",
    fatal_error: "temporary",
    service_unavailable: "temporary",
    request_timeout: "temporary",
  },
  account: accountOf,
  revocation: ({ endpoints, accessToken }) => ({
    url: `${endpoints.api}/auth.revoke`,
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
    isDone: (status, { ok: isOk, error }) =>
      status === 200 && (isOk === true || error === "token_revoked"),
  }),
};

function accountOf({ authed_user: user, team }: JsonObject): unknown {
  const id = isJsonObject(user) ? user["id"] : undefined;
  const name = isJsonObject(team) ? team["name"] : undefined;
  return typeof id === "string" && typeof name === "string" ? `${id} (${name})` : id;
}
