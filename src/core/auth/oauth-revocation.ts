import {
  allowInsecureRequests,
  customFetch,
  revocationRequest,
  type ClientAuth,
} from "oauth4webapi";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import { fetchAt, type OAuthFetch } from "./oauth-transport.ts";
import type { OAuthServer } from "./oauth-servers.ts";
import type { RevocationRequest } from "./providers/provider.ts";

export type RevocationOutcome = "revoked" | "unsupported" | "failed";

export interface RevokedToken {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
}

/** RFC 7009: the refresh token first, because most servers end the whole grant with it, then what may be left of it. */
export async function revokeByStandard(
  server: OAuthServer,
  client: { readonly clientId: string; readonly auth: ClientAuth },
  { accessToken, refreshToken }: RevokedToken,
  fetch: OAuthFetch,
): Promise<RevocationOutcome> {
  if (server.endpoints.revocation === undefined) return "unsupported";
  const revoke = async (token: string, hint: string): Promise<RevocationOutcome> => {
    const response = await revocationRequest(
      server.metadata,
      { client_id: client.clientId },
      client.auth,
      token,
      {
        additionalParameters: { token_type_hint: hint },
        [customFetch]: fetchAt(fetch, server),
        [allowInsecureRequests]: true,
      },
    );
    return outcomeOf(response);
  };
  if (refreshToken === undefined) return revoke(accessToken, "access_token");
  const whole = await revoke(refreshToken, "refresh_token");
  const rest = await revoke(accessToken, "access_token");
  // A server that revokes no access tokens lets this one run out, which is as much as can be had.
  return whole === "revoked" && rest !== "failed" ? "revoked" : "failed";
}

/** By the provider's own endpoint. */
export async function revokeByRequest(
  { url, method, headers, body, isDone }: RevocationRequest,
  fetch: OAuthFetch,
): Promise<RevocationOutcome> {
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  return isDone(response.status, await readJson(response)) ? "revoked" : "failed";
}

async function outcomeOf(response: Response): Promise<RevocationOutcome> {
  if (response.status === 200) return "revoked";
  const { error } = await readJson(response);
  // The standard wants 200 for a token that is none any more; not everybody has read it.
  if (error === "invalid_token") return "revoked";
  return error === "unsupported_token_type" ? "unsupported" : "failed";
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  const body = parseJson(await response.text());
  return isJsonObject(body) ? body : {};
}
