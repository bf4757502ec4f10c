import type { LoopbackAnswer, SeenRequest } from "./loopback-server.ts";

/** What a provider's documentation shows of its answers. */
export interface ProviderShape {
  /** Whom the loopback server stands in for. */
  readonly origins: readonly string[];
  readonly token: string;
  readonly clientAuth: "basic" | "post";
  readonly granted: object;
  readonly refreshed: object;
  /** To a code or a refresh token that is no good. */
  readonly badGrant: LoopbackAnswer;
  readonly badClient: LoopbackAnswer;
  /** Beside the token endpoint. */
  readonly more?: Readonly<Record<string, (request: SeenRequest) => LoopbackAnswer>>;
}

export const PROVIDER_SECRET = "provider_secret-0123456789";
export const ACCESS_TOKEN = "access-token-1";
export const REFRESH_TOKEN = "refresh-token-1";

const BASIC = `Basic ${btoa(`client.id:${PROVIDER_SECRET}`)}`;
const unauthorized = { status: 401, body: { error: "invalid_client" } };
const invalidGrant = { status: 400, body: { error: "invalid_grant" } };

/** Takes a token away, as RFC 7009 has it. */
function revokes(request: SeenRequest): LoopbackAnswer {
  const form = new URLSearchParams(request.body);
  const isClient = form.get("client_secret") === PROVIDER_SECRET;
  return isClient && form.get("token")!.includes("-token-") ? {} : { status: 400 };
}

export const PROVIDER_SHAPES = {
  google: {
    origins: ["https://oauth2.googleapis.com"],
    token: "POST /token",
    clientAuth: "post",
    granted: {
      access_token: ACCESS_TOKEN,
      expires_in: 3599,
      refresh_token: REFRESH_TOKEN,
      scope: "https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/drive",
      token_type: "Bearer",
    },
    // It keeps the refresh token, and does not say it again.
    refreshed: {
      access_token: "access-token-2",
      expires_in: 3599,
      scope: "https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/drive",
      token_type: "Bearer",
    },
    badGrant: {
      status: 400,
      body: { error: "invalid_grant", error_description: "Token has been expired or revoked." },
    },
    badClient: {
      status: 401,
      body: { error: "invalid_client", error_description: "The OAuth client was not found." },
    },
    more: {
      // The refresh token takes the access token with it.
      "POST /revoke": ({ body }) =>
        new URLSearchParams(body).get("token") === REFRESH_TOKEN
          ? { body: {} }
          : { status: 400, body: { error: "invalid_token" } },
    },
  },
  microsoft: {
    origins: ["https://login.microsoftonline.com"],
    token: "POST /common/oauth2/v2.0/token",
    clientAuth: "post",
    granted: {
      token_type: "Bearer",
      scope: "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read",
      expires_in: 4711,
      ext_expires_in: 4711,
      access_token: ACCESS_TOKEN,
      refresh_token: REFRESH_TOKEN,
      id_token: "not.looked.at",
    },
    refreshed: {
      token_type: "Bearer",
      scope: "User.Read Mail.Read",
      expires_in: 4711,
      access_token: "access-token-2",
      refresh_token: "refresh-token-2",
    },
    badGrant: {
      status: 400,
      body: {
        error: "invalid_grant",
        error_description: "AADSTS700082: The refresh token has expired due to inactivity.",
        error_codes: [700082],
      },
    },
    badClient: {
      status: 401,
      body: {
        error: "invalid_client",
        error_description: "AADSTS7000215: Invalid client secret provided.",
        error_codes: [7000215],
      },
    },
  },
  github: {
    origins: ["https://github.com", "https://api.github.com"],
    token: "POST /login/oauth/access_token",
    clientAuth: "post",
    granted: { access_token: "gho_access-token-1", scope: "repo,gist", token_type: "bearer" },
    // A GitHub app whose tokens expire.
    refreshed: {
      access_token: "ghu_access-token-2",
      expires_in: 28_800,
      refresh_token: "ghr_refresh-token-2",
      refresh_token_expires_in: 15_897_600,
      scope: "",
      token_type: "bearer",
    },
    badGrant: {
      status: 200,
      body: {
        error: "bad_refresh_token",
        error_description: "The refresh token passed is incorrect or expired.",
        error_uri: "https://docs.github.com",
      },
    },
    badClient: {
      status: 200,
      body: {
        error: "incorrect_client_credentials",
        error_description: "The client_id and/or client_secret passed are incorrect.",
      },
    },
    more: {
      "GET /user": ({ headers }) =>
        /^Bearer gh[ou]_access-token-/.test(String(headers["authorization"]))
          ? { body: { login: "octocat", id: 1 } }
          : { status: 401 },
      "DELETE /applications/client.id/grant": ({ headers, body }) =>
        headers["authorization"] === BASIC && JSON.parse(body).access_token.includes("access-token")
          ? { status: 204 }
          : { status: 401 },
    },
  },
  slack: {
    origins: ["https://slack.com"],
    token: "POST /api/oauth.v2.access",
    clientAuth: "post",
    granted: {
      ok: true,
      app_id: "A0KRD7HC3",
      authed_user: {
        id: "U1234",
        scope: "search:read,channels:read",
        access_token: ACCESS_TOKEN,
        token_type: "user",
        refresh_token: REFRESH_TOKEN,
        expires_in: 43_200,
      },
      team: { id: "T9TK3CUKW", name: "Softball Team" },
      enterprise: null,
    },
    refreshed: {
      ok: true,
      access_token: "access-token-2",
      token_type: "user",
      refresh_token: "refresh-token-2",
      expires_in: 43_200,
      scope: "search:read,channels:read",
    },
    badGrant: { status: 200, body: { ok: false, error: "invalid_refresh_token" } },
    badClient: { status: 200, body: { ok: false, error: "bad_client_secret" } },
    more: {
      "POST /api/auth.revoke": ({ headers }) =>
        headers["authorization"] === `Bearer ${ACCESS_TOKEN}`
          ? { body: { ok: true, revoked: true } }
          : { body: { ok: false, error: "invalid_auth" } },
    },
  },
  notion: {
    origins: ["https://api.notion.com"],
    token: "POST /v1/oauth/token",
    clientAuth: "basic",
    granted: {
      access_token: ACCESS_TOKEN,
      token_type: "bearer",
      refresh_token: null,
      bot_id: "b3414d65-1224-5ty5-6ffd-cc9d8773drt6",
      workspace_name: "Acme",
      workspace_id: "j565j4d7",
      owner: { type: "user", user: { name: "Ada", person: { email: "ada@example.test" } } },
      duplicated_template_id: null,
    },
    refreshed: {
      access_token: "access-token-2",
      token_type: "bearer",
      refresh_token: "refresh-token-2",
      bot_id: "b3414d65-1224-5ty5-6ffd-cc9d8773drt6",
    },
    badGrant: invalidGrant,
    badClient: unauthorized,
    more: {
      "POST /v1/oauth/revoke": ({ headers, body }) =>
        headers["authorization"] === BASIC &&
        headers["notion-version"] !== undefined &&
        JSON.parse(body).token === ACCESS_TOKEN
          ? { body: { request_id: "3c90c3cc" } }
          : { status: 400 },
    },
  },
  gitlab: {
    origins: ["https://gitlab.com"],
    token: "POST /oauth/token",
    clientAuth: "post",
    granted: {
      access_token: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 7200,
      refresh_token: REFRESH_TOKEN,
      scope: "read_api read_user",
      created_at: 1_607_635_748,
    },
    refreshed: {
      access_token: "access-token-2",
      token_type: "Bearer",
      expires_in: 7200,
      refresh_token: "refresh-token-2",
      scope: "read_api read_user",
    },
    badGrant: invalidGrant,
    badClient: unauthorized,
    more: {
      "GET /api/v4/user": () => ({ body: { username: "john_smith" } }),
      "POST /oauth/revoke": revokes,
    },
  },
  linear: {
    origins: ["https://api.linear.app"],
    token: "POST /oauth/token",
    clientAuth: "post",
    granted: {
      access_token: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 86_399,
      refresh_token: REFRESH_TOKEN,
      scope: ["read", "issues:create"],
    },
    refreshed: {
      access_token: "access-token-2",
      token_type: "Bearer",
      expires_in: 86_399,
      refresh_token: "refresh-token-2",
      scope: "read,issues:create",
    },
    badGrant: invalidGrant,
    badClient: unauthorized,
    more: { "POST /oauth/revoke": revokes },
  },
  atlassian: {
    origins: ["https://auth.atlassian.com"],
    token: "POST /oauth/token",
    clientAuth: "post",
    granted: {
      access_token: ACCESS_TOKEN,
      refresh_token: REFRESH_TOKEN,
      expires_in: 3600,
      scope: "read:jira-work",
    },
    refreshed: {
      access_token: "access-token-2",
      refresh_token: "refresh-token-2",
      expires_in: 3600,
      scope: "read:jira-work offline_access",
    },
    badGrant: {
      status: 403,
      body: { error: "unauthorized_client", error_description: "refresh_token is invalid" },
    },
    badClient: { status: 401, body: { error: "access_denied", error_description: "Unauthorized" } },
  },
} as const satisfies Record<string, ProviderShape>;
