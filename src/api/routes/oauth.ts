import * as z from "zod";
import { isOwner } from "../../core/auth/credential-ids.ts";
import type { OAuthManager } from "../../core/auth/oauth-manager.ts";
import { AppError } from "../../errors.ts";
import type { OAuthGrant } from "../../types/oauth.ts";
import type { Owner } from "../../types/vault.ts";
import { readJsonBody } from "../read-json-body.ts";
import type { Route } from "../route-table.ts";
import { toActor } from "./vault.ts";

const OWNER_RULE = "must be shared, client:<id> or user:<issuer>:<subject>";
const owner = z.custom<Owner>(isOwner, OWNER_RULE).default("shared");
const secretBody = z.strictObject({ value: z.string().min(1).max(16_384) });

/** `/api/auth/oauth`: connections, their beginning and their end, for administrators. No answer has a token in it. */
export function oauthRoutes(oauth: OAuthManager): Route[] {
  return [
    {
      method: "GET",
      path: "/api/auth/oauth/initiate/:pluginId",
      policy: "connections:write",
      // Of no effect beyond a row that expires: a person must open the address and go through it.
      async handle(request, { params, principal }) {
        const { authUrl, state } = await oauth.initiateFlow(params["pluginId"] ?? "", {
          owner: readOwner(request),
          startedBy: principal.id,
        });
        return Response.json({ authUrl, state });
      },
    },
    {
      method: "GET",
      path: "/api/auth/oauth/connections",
      policy: "connections:read",
      async handle(request) {
        const plugin = new URL(request.url).searchParams.get("plugin") ?? undefined;
        const data = (await oauth.connections(plugin)).map(toAnswer);
        return Response.json({ data });
      },
    },
    {
      method: "POST",
      path: "/api/auth/oauth/refresh/:pluginId",
      policy: "connections:write",
      async handle(request, { params }) {
        const plugin = params["pluginId"] ?? "";
        const whose = readOwner(request);
        await oauth.refreshToken(plugin, whose);
        const grant = (await oauth.connections(plugin)).find((each) => each.owner === whose);
        return Response.json(grant === undefined ? { plugin, owner: whose } : toAnswer(grant));
      },
    },
    {
      method: "POST",
      path: "/api/auth/oauth/revoke/:pluginId",
      policy: "connections:write",
      async handle(request, caller) {
        const plugin = caller.params["pluginId"] ?? "";
        const provider = await oauth.revokeToken(plugin, readOwner(request), toActor(caller));
        if (provider === "absent") {
          throw new AppError("NOT_FOUND", `Nobody has connected an account to "${plugin}".`);
        }
        return Response.json({ plugin, provider });
      },
    },
    {
      method: "PUT",
      path: "/api/auth/oauth/client-secret/:pluginId",
      policy: "credentials:write",
      async handle(request, caller) {
        const { value } = await readJsonBody(request, secretBody);
        await oauth.setClientSecret(caller.params["pluginId"] ?? "", value, toActor(caller));
        return new Response(null, { status: 204 });
      },
    },
  ];
}

/** @throws AppError `QUERY_INVALID` */
function readOwner({ url }: Request): Owner {
  const parsed = owner.safeParse(new URL(url).searchParams.get("owner") ?? undefined);
  if (parsed.success) return parsed.data;
  throw new AppError("QUERY_INVALID", `The query is not valid: owner ${OWNER_RULE}.`);
}

/** Times are epoch milliseconds; `expiresAt` is `null` for a token that does not expire. */
function toAnswer({ instanceId: plugin, owner: whose, status, reason, ...grant }: OAuthGrant) {
  const { account, scope, missingScopes, connectedAt, refreshedAt, expiresAt, isRefreshable } =
    grant;
  return {
    plugin,
    owner: whose,
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
