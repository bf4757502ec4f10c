import type { PluginContext, ToolError } from "mcp-plugin-server/plugin";
import { cannotSign, missing, PRIVATE_KEY, readKeyId } from "./auth.ts";
import { notAllowed, toTokenRefusal, unavailable, unexpected } from "./refusals.ts";
import {
  NotAllowed,
  parseJson,
  send,
  UnexpectedAnswer,
  Unreachable,
  type ServiceAnswer,
} from "./request.ts";
import type { Settings } from "./settings.ts";
import type { AccessToken } from "./token-source.ts";
import { withTries } from "./tries.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** Long enough for a clock that is a little off, and no longer than services take. */
const ASSERTION_SECONDS = 300;
/** Of a token whose life the service does not tell. */
const USUAL_SECONDS = 300;
const MAX_SECONDS = 86_400;

export interface ExchangeDeps {
  readonly settings: Settings;
  readonly context: PluginContext;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends it for good; `timeoutMs` ends it as well. */
  readonly signal: AbortSignal;
}

/**
 * Gets an access token by an assertion that the server signs with the stored key (RFC 7523, 2.1). The key itself is not
 * seen here.
 *
 * @throws ToolError that says what to do
 */
export async function fetchToken(deps: ExchangeDeps): Promise<AccessToken> {
  const { settings, context, now } = deps;
  const { timeoutMs } = settings;
  const url = new URL(settings.tokenUrl);
  const timeUp = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([deps.signal, timeUp]);
  const keyId = await readKeyId(context);
  const fail = (error: ToolError, reason: string): ToolError => {
    context.logger.warn("Getting an access token failed", { host: url.host, reason });
    return error;
  };

  let assertion = "";
  const attempt = async (): Promise<ServiceAnswer> => {
    // Some services take an assertion once only.
    assertion = await sign(keyId, deps);
    const form = new URLSearchParams({ grant_type: GRANT_TYPE, assertion });
    if (settings.scope !== undefined) form.set("scope", settings.scope);
    const headers = {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    };
    const body = form.toString();
    return send(context, { url, method: "POST", headers, body, secret: assertion, signal });
  };

  const issuedAt = now();
  try {
    const deadline = Date.now() + timeoutMs;
    const answer = await withTries(attempt, { isRepeatable: true, deadline, signal });
    if (answer.status === 200) return readToken(answer, assertion, issuedAt);
    const error =
      answer.status === 429 || answer.status >= 500
        ? unavailable(url.host, `it answers with status ${answer.status}`, true)
        : toTokenRefusal(answer, url.host, assertion);
    throw fail(error, `status ${answer.status}`);
  } catch (error) {
    deps.signal.throwIfAborted();
    if (error instanceof UnexpectedAnswer) throw fail(unexpected(url.host), error.message);
    if (error instanceof NotAllowed) throw fail(notAllowed(url.host), error.message);
    if (error instanceof Unreachable) {
      throw fail(unavailable(url.host, "it cannot be reached", true), error.message);
    }
    if (!timeUp.aborted) throw error;
    const reason = `it did not answer in ${timeoutMs} ms`;
    throw fail(unavailable(url.host, reason, true), reason);
  }
}

/** @throws ToolError for a key that is missing or does not fit */
async function sign(
  keyId: string | null,
  { settings, context, issuer }: ExchangeDeps,
): Promise<string> {
  const { algorithm, tokenUrl, scope, audience = tokenUrl, subject = issuer } = settings;
  try {
    return await context.signJwt({
      // The scope is a parameter by the standard, and a claim for services such as Google's.
      claims: { iss: issuer, sub: subject, aud: audience, ...(scope !== undefined && { scope }) },
      algorithm,
      expiresInSeconds: ASSERTION_SECONDS,
      ...(keyId !== null && { header: { kid: keyId } }),
      key: PRIVATE_KEY,
    });
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === "CREDENTIAL_NOT_FOUND") throw missing(context.pluginId, PRIVATE_KEY);
    if (code !== "CREDENTIAL_INVALID") throw error;
    context.logger.warn("Signing failed", { algorithm, reason: String(message) });
    throw cannotSign(context.pluginId, algorithm);
  }
}

/** @throws UnexpectedAnswer */
function readToken({ text }: ServiceAnswer, assertion: string, issuedAt: number): AccessToken {
  const body = parseJson(text, assertion);
  if (typeof body !== "object" || body === null) throw new UnexpectedAnswer("not a JSON object");
  const {
    access_token: value,
    token_type: type = "Bearer",
    expires_in: expiresIn = USUAL_SECONDS,
  } = body as Record<string, unknown>;
  if (typeof value !== "string" || !/^[!-~]{1,16384}$/.test(value)) {
    throw new UnexpectedAnswer("access_token is not a token");
  }
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") {
    throw new UnexpectedAnswer("token_type is not Bearer");
  }
  const seconds = Number(expiresIn);
  if (!(seconds > 0)) throw new UnexpectedAnswer("expires_in is not a time");
  return { value, issuedAt, expiresAt: issuedAt + Math.min(seconds, MAX_SECONDS) * 1_000 };
}
