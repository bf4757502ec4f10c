import { AppError, messageOf } from "../../errors.ts";
import { refuse, type Result } from "../../util/result.ts";
import { retryAfterMs } from "../../util/retry-after.ts";
import type { OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import type { OAuthProvider } from "./providers/provider.ts";

/** Nobody waits longer because a provider says so. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** RFC 6749 allows more, but a code is there to be matched. */
const CODE = /^[A-Za-z0-9_.-]{1,64}$/;

/** Of whom a fault speaks. */
export interface FaultSubject {
  /** The provider, as people call it. */
  readonly title: string;
  readonly provider: OAuthProvider | null;
  readonly spec: OAuthClientSpec;
}

/** Where an error came from: the same code can mean something else there. */
export type FaultStep = "authorization" | "exchange" | "refresh" | "client" | "registration";

const KINDS: Readonly<Record<string, OAuthFault["kind"]>> = {
  access_denied: "denied",
  consent_required: "denied",
  login_required: "denied",
  interaction_required: "denied",
  account_selection_required: "denied",
  invalid_grant: "invalid-grant",
  server_error: "temporary",
  temporarily_unavailable: "temporary",
  slow_down: "temporary",
  invalid_client: "misconfigured",
  unauthorized_client: "misconfigured",
  unsupported_grant_type: "misconfigured",
  unsupported_response_type: "misconfigured",
  invalid_scope: "misconfigured",
  invalid_request: "misconfigured",
  invalid_target: "misconfigured",
  redirect_uri_mismatch: "misconfigured",
  invalid_redirect_uri: "misconfigured",
  invalid_client_metadata: "misconfigured",
  application_suspended: "misconfigured",
};

/** A refusal in one line. */
export function refuseWith(
  kind: OAuthFault["kind"],
  reason: string,
  waitMs?: number,
): { ok: false; reason: OAuthFault } {
  return refuse({ kind, reason, ...(waitMs !== undefined && { retryAfterMs: waitMs }) });
}

/** What an error code of a provider's means, and what to do about it. Nothing but the code is taken from the answer. */
export function faultOfCode(code: string, subject: FaultSubject, step: FaultStep): OAuthFault {
  const { errors = {}, refreshErrors = {} } = subject.provider ?? {};
  const own = {
    ...(step !== "authorization" && errors),
    ...(step === "refresh" && refreshErrors),
  };
  const known = Object.hasOwn(own, code) ? own[code] : undefined;
  const kind = known ?? (Object.hasOwn(KINDS, code) ? KINDS[code]! : "bad-answer");
  const isCode = CODE.test(code);
  const name = isCode ? `\`${code}\`` : "an error";
  return {
    kind,
    reason: sentence(kind, code, name, subject, step),
    isDefinite: true,
    ...(isCode && { code }),
  };
}

function sentence(
  kind: OAuthFault["kind"],
  code: string,
  name: string,
  { title, spec }: FaultSubject,
  step: FaultStep,
): string {
  switch (kind) {
    case "denied":
      return `The access was not granted: ${title} answered ${name}. Connect again and agree, if that was not meant.`;
    case "invalid-grant":
      return `${invalidGrant(title, name, step)} Connect again.`;
    case "temporary":
      return `${title} cannot answer just now (${name}). Try again later.`;
    case "misconfigured":
      return `${title} answered ${name}. ${advice(code, spec)}`;
    case "bad-answer":
      return `${title} answered ${name}, which this server does not know. Try again, and ask the provider if it stays so.`;
  }
}

function invalidGrant(title: string, name: string, step: FaultStep): string {
  if (step === "exchange") {
    return `${title} took the code no longer (${name}): it was used already, or it took too long.`;
  }
  return `${title} no longer accepts the connection (${name}): it was revoked, it expired, or it was renewed elsewhere.`;
}

function advice(code: string, { instanceId, redirectUri }: OAuthClientSpec): string {
  switch (code) {
    case "redirect_uri_mismatch":
    case "bad_redirect_uri":
    case "invalid_redirect_uri":
      return `Enter ${redirectUri} there as redirect URI, exactly so.`;
    case "invalid_scope":
    case "no_scopes":
    case "no_user_scopes":
      return "Allow the client there what the plugin asks for.";
    case "invalid_target":
      return "It does not know the `resource` that the plugin names.";
    case "unsupported_grant_type":
    case "unsupported_response_type":
    case "invalid_grant_type":
      return "It does not offer this way to a token: look at `grant` in the instance's `oauth` settings.";
    case "pkce_not_allowed":
      return "Allow PKCE in the settings of the app there: this server never goes without.";
    case "application_suspended":
      return "The app is suspended there.";
    case "invalid_request":
    case "invalid_client_metadata":
    case "oauth_authorization_url_mismatch":
      return "Compare the instance's `oauth` settings with what the provider's guide asks for.";
    default:
      return `Check \`clientId\` in the instance's \`oauth\` settings, and store its secret again with \`mcp-plugin-server oauth secret ${instanceId}\`.`;
  }
}

/** What a status says without its body; `null` when the body is to be read. */
export function faultOfStatus(response: Response, title: string, now: number): OAuthFault | null {
  const { status, headers } = response;
  if (status === 429 || status === 408 || status >= 500) {
    const asked = retryAfterMs(headers, now);
    return {
      kind: "temporary",
      reason: `${title} cannot answer just now (HTTP ${status}). Try again later.`,
      // These say that nothing was done; what a broken server has done, it does not know itself.
      ...((status === 429 || status === 503) && { isDefinite: true }),
      ...(asked !== null && { retryAfterMs: Math.min(asked, MAX_RETRY_AFTER_MS) }),
    };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: "bad-answer",
      reason: `${title} sent the request elsewhere, and secrets are not sent on. Check the addresses of the provider.`,
    };
  }
  return null;
}

/**
 * Runs a request. What was in the way of it becomes a fault.
 *
 * @throws what is no refusal of the network's: a broken vault, a mistake of ours
 */
export async function attempt<T>(
  title: string,
  request: () => Promise<T>,
): Promise<Result<T, OAuthFault>> {
  try {
    return { ok: true, value: await request() };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code: string = error.code;
    if (code === "OUTBOUND_FAILED") {
      return refuseWith("temporary", `${title} could not be reached. Try again later.`);
    }
    if (code === "OUTBOUND_TOO_LARGE") {
      return refuseWith("bad-answer", `${title} answered more than any answer needs.`);
    }
    if (code !== "OUTBOUND_REFUSED") throw error;
    const reason = `${title} may not be asked. ${messageOf(error)}`;
    return refuse({ kind: "misconfigured", reason, isDefinite: true });
  }
}
