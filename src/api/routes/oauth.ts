import * as z from "zod";
import type { OAuthManager } from "../../core/auth/oauth-manager.ts";
import { AppError } from "../../errors.ts";
import type { OAuthGrant } from "../../types/oauth.ts";
import { defineRoute } from "../define-route.ts";
import { paginate } from "../paginate.ts";
import type { Route } from "../route-table.ts";
import { owner, pageOf, pageQuery, time } from "../schemas.ts";
import { toActor } from "../to-actor.ts";

const secretBody = z.strictObject({
  value: z.string().min(1).max(16_384).meta({
    description: "What the provider knows the client by.",
    writeOnly: true,
  }),
});
const byPlugin = z.object({ pluginId: z.string() });
const whose = z.strictObject({ owner: owner.default("shared") });

const connection = z
  .object({
    plugin: z.string(),
    owner,
    status: z.enum(["connected", "needs_reauth"]),
    reason: z.string().nullable().meta({ description: "Why a person is needed." }),
    account: z.string().nullable(),
    scope: z.string().meta({ description: "What was granted." }),
    missingScopes: z.array(z.string()).meta({ description: "What was asked for and not granted." }),
    connectedAt: time,
    refreshedAt: time.nullable(),
    expiresAt: time.nullable().meta({ description: "Of the access token; null for never." }),
    isRefreshable: z.boolean(),
  })
  .meta({ id: "Connection" });

/** `/api/auth/oauth`: connections, their beginning and their end, for administrators. No answer has a token in it. */
export function oauthRoutes(oauth: OAuthManager): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/auth/oauth/initiate/:pluginId",
      policy: "connections:write",
      refusesHead: true,
      summary: "Answers the address at which a person connects an account.",
      params: byPlugin,
      query: whose,
      answers: { 200: z.object({ authUrl: z.string(), state: z.string() }) },
      problems: ["NOT_FOUND", "CREDENTIAL_INVALID"],
      // Of no effect beyond a row that expires: a person must open the address and go through it.
      async handle({ params, query }, { principal }) {
        const { authUrl, state } = await oauth.initiateFlow(params.pluginId, {
          owner: query.owner,
          startedBy: principal.id,
        });
        return Response.json({ authUrl, state });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/auth/oauth/connections",
      policy: "connections:read",
      summary: "Lists the connected accounts.",
      query: pageQuery.extend({ plugin: z.string().optional() }),
      answers: { 200: pageOf(connection) },
      async handle({ query: { plugin, ...page } }) {
        const found = (await oauth.connections(plugin)).map(toAnswer);
        return Response.json(paginate(found, (each) => [each.plugin, each.owner], page));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/auth/oauth/refresh/:pluginId",
      policy: "connections:write",
      summary: "Refreshes an account's token now.",
      params: byPlugin,
      query: whose,
      answers: { 200: connection.partial() },
      problems: [
        "NOT_FOUND",
        "NOT_CONNECTED",
        "CONFLICT",
        "OAUTH_UNAVAILABLE",
        "CREDENTIAL_INVALID",
      ],
      async handle({ params: { pluginId: plugin }, query }) {
        await oauth.refreshToken(plugin, query.owner);
        const grant = (await oauth.connections(plugin)).find((each) => each.owner === query.owner);
        return Response.json(grant === undefined ? { plugin, ...query } : toAnswer(grant));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/auth/oauth/revoke/:pluginId",
      policy: "connections:write",
      summary: "Ends a connection: here, and at the provider if it can be told.",
      params: byPlugin,
      query: whose,
      answers: { 200: z.object({ plugin: z.string(), provider: z.string() }) },
      problems: ["NOT_FOUND", "CREDENTIAL_INVALID", "VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ params: { pluginId: plugin }, query }, caller) {
        const provider = await oauth.revokeToken(plugin, query.owner, toActor(caller));
        if (provider === "absent") {
          throw new AppError("NOT_FOUND", `Nobody has connected an account to "${plugin}".`);
        }
        return Response.json({ plugin, provider });
      },
    }),
    defineRoute({
      method: "PUT",
      path: "/api/auth/oauth/client-secret/:pluginId",
      policy: "credentials:write",
      summary: "Stores the secret by which the provider knows this plugin's client.",
      params: byPlugin,
      body: secretBody,
      answers: { 204: null },
      problems: ["NOT_FOUND", "VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ params, body }, caller) {
        await oauth.setClientSecret(params.pluginId, body.value, toActor(caller));
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

/** Times are epoch milliseconds; `expiresAt` is `null` for a token that does not expire. */
function toAnswer({ instanceId: plugin, owner: ownedBy, status, reason, ...grant }: OAuthGrant) {
  const { account, scope, missingScopes, connectedAt, refreshedAt, expiresAt, isRefreshable } =
    grant;
  return {
    plugin,
    owner: ownedBy,
    status,
    reason,
    account,
    scope,
    missingScopes,
    connectedAt,
    refreshedAt,
    expiresAt: expiresAt === Number.MAX_SAFE_INTEGER ? null : expiresAt,
    isRefreshable,
  };
}
