import { processGenericTokenEndpointResponse, type TokenEndpointResponse } from "oauth4webapi";
import type { Logger } from "../../types/logger.ts";
import type { OAuthToken } from "../../types/oauth.ts";
import type { Time } from "../../types/runtime.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import { ok, type Result } from "../../util/result.ts";
import type { GrantedToken, OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { accountOfAnswer } from "./oauth-account.ts";
import { faultOfCode, faultOfStatus, refuseWith, type FaultStep } from "./oauth-faults.ts";
import { grantedScope, missingScopes } from "./oauth-scopes.ts";
import { subjectOf, type OAuthServer } from "./oauth-servers.ts";

/** A token that lives for ten years is a mistake, or seconds that are milliseconds. */
const MAX_LIFETIME_S = 315_360_000;
const ACCESS_TOKEN = /^[\x21-\x7e]{1,16384}$/;
const REFRESH_TOKEN = /^[\x20-\x7e]{1,16384}$/;

export interface TokenRequest {
  readonly spec: OAuthClientSpec;
  readonly server: OAuthServer;
  readonly step: FaultStep;
  /** What is granted by an answer that names no scope. */
  readonly scope: string;
  /** Whether there is a refresh token already. */
  readonly isRefreshable: boolean;
}

/**
 * Reads what a token endpoint answered: as the standard has it, after the provider's quirks are taken out. An answer that
 * does not make sense is a fault, never a token.
 */
export async function readTokenAnswer(
  response: Response,
  request: TokenRequest,
  { time, logger }: { readonly time: Time; readonly logger: Logger },
): Promise<Result<GrantedToken, OAuthFault>> {
  const { spec, server, step } = request;
  const { title, provider } = server;
  const fault = faultOfStatus(response, title, time.now());
  if (fault !== null) return { ok: false, reason: fault };
  const raw = await readBody(response);
  if (raw === null) {
    return refuseWith(
      "bad-answer",
      `${title} answered with something that is no token (HTTP ${response.status}, no JSON). Check the addresses of the provider.`,
    );
  }
  const body = provider?.readAnswer?.(raw) ?? raw;
  const { error, error_description: description } = body;
  if (typeof error === "string" && error !== "") {
    // Auth0, and what is built on it, says of clients what others say of people.
    const isClient = response.status === 401 && error === "access_denied";
    const code = isClient ? "invalid_client" : error;
    const reason = faultOfCode(code, subjectOf(server, spec), step);
    logger.warn("A provider refused a token", {
      instanceId: spec.instanceId,
      provider: title,
      kind: reason.kind,
      error: cleaned(error),
      ...(typeof description === "string" && { description: cleaned(description) }),
    });
    return { ok: false, reason };
  }
  if (response.status !== 200) {
    return refuseWith("bad-answer", `${title} answered with HTTP ${response.status} and no token.`);
  }
  const answer = await validate(body, server);
  if (!answer.ok) return answer;
  const token = readToken(answer.value, request, time.now());
  if (!token.ok) return token;
  const { accessToken, refreshToken, scope } = token.value;
  const isRefreshable = request.isRefreshable || refreshToken !== undefined;
  return ok({
    token: token.value,
    missingScopes: missingScopes(
      spec.declared.scopes,
      { scope, accessToken, isRefreshable },
      provider,
    ),
    account: accountOfAnswer(raw, provider),
  });
}

async function readBody(response: Response): Promise<Record<string, unknown> | null> {
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    const body = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(body) ? body : null;
  } catch {
    return null;
  }
}

/**
 * An ID token is left out: nobody signs in to this server by it, so a clock that is wrong, or an issuer that goes by
 * another name, must not keep an account from being connected.
 */
async function validate(
  { id_token: _idToken, ...body }: Readonly<Record<string, unknown>>,
  { metadata, title }: OAuthServer,
): Promise<Result<TokenEndpointResponse, OAuthFault>> {
  // What is `null` is not there: some write it so.
  const there = Object.entries(body).filter(([, value]) => value !== null);
  const standard = Response.json(Object.fromEntries(there));
  try {
    // The library reads as many digits as it finds.
    const { expires_in: lifetime } = body;
    if (typeof lifetime === "string" && !/^\d+$/.test(lifetime)) throw new Error("no number");
    const client = { client_id: "any" };
    return ok(await processGenericTokenEndpointResponse(metadata, client, standard));
  } catch {
    return refuseWith(
      "bad-answer",
      `${title} answered with something that is no bearer token: a part is missing, of another type, or out of range.`,
    );
  }
}

function readToken(
  answer: TokenEndpointResponse,
  { server: { title }, scope: asked }: TokenRequest,
  now: number,
): Result<OAuthToken, OAuthFault> {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: lifetime } = answer;
  if (answer.token_type !== "bearer") {
    return refuseWith("bad-answer", `${title} answered with a token that is no bearer token.`);
  }
  if (!ACCESS_TOKEN.test(accessToken) || !REFRESH_TOKEN.test(refreshToken ?? "-")) {
    return refuseWith(
      "bad-answer",
      `${title} answered with a token that no header could carry, or that is too long.`,
    );
  }
  if (lifetime !== undefined && !(lifetime >= 1 && lifetime <= MAX_LIFETIME_S)) {
    return refuseWith(
      "bad-answer",
      `${title} answered with a token that lives for ${lifetime} seconds, which makes no sense.`,
    );
  }
  return ok({
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt: lifetime === undefined ? Number.MAX_SAFE_INTEGER : now + Math.floor(lifetime) * 1000,
    scope: answer.scope === undefined ? asked : grantedScope(answer.scope),
    tokenType: "Bearer",
  });
}

/** A provider's own words for the log: in characters that cannot do anything there, and without what may be a secret. */
function cleaned(text: string): string {
  return text
    .slice(0, 500)
    .replaceAll(/[^\x20-\x7e]/g, " ")
    .replaceAll(/[A-Za-z0-9+/=_~.-]{24,}/g, "…");
}
