import { AuthorizationResponseError, validateAuthResponse } from "oauth4webapi";
import { ok, type Result } from "../../util/result.ts";
import type { OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { faultOfCode, refuseWith } from "./oauth-faults.ts";
import { subjectOf, type OAuthServer } from "./oauth-servers.ts";

export interface ReturningFlow {
  readonly state: string;
  readonly issuer: string | null;
  readonly callback: URLSearchParams;
}

/** Nothing in a callback may come twice: which of the two was checked, and which one is used? */
export function hasDuplicates(callback: URLSearchParams): boolean {
  const names = [...callback.keys()];
  return new Set(names).size !== names.length;
}

/**
 * Checks who has answered before anything is sent to anyone (RFC 9207 and RFC 6749, 4.1.2).
 *
 * @returns the parameters as oauth4webapi wants them for the exchange
 */
export function checkCallback(
  spec: OAuthClientSpec,
  server: OAuthServer,
  clientId: string,
  flow: ReturningFlow,
): Result<URLSearchParams, OAuthFault> {
  const { title, metadata, issuer, provider } = server;
  if (hasDuplicates(flow.callback)) {
    return refuseWith("bad-answer", `The answer of ${title} says something twice. Connect again.`);
  }
  if (flow.issuer !== issuer) {
    return refuseWith("bad-answer", "The settings have changed meanwhile. Connect again.");
  }
  const callback = new URLSearchParams(flow.callback);
  const iss = callback.get("iss");
  if (issuer === null && iss !== null) {
    if (provider === null && !isNeighbour(iss, server)) {
      return refuseWith(
        "bad-answer",
        `The answer is another server's than ${title}. If it is not, name it in the plugin's \`urls.issuer\`.`,
      );
    }
    // There is no name to hold it against. That the redirect URI is this instance's alone keeps other servers' codes out.
    callback.delete("iss");
  }
  try {
    const client = { client_id: clientId };
    const checked = validateAuthResponse(metadata, client, callback, flow.state);
    if (/^[\x20-\x7e]{1,8192}$/.test(checked.get("code") ?? "")) return ok(checked);
    return refuseWith("bad-answer", `The answer of ${title} has no code. Connect again.`);
  } catch (error) {
    if (error instanceof AuthorizationResponseError) {
      const subject = subjectOf(server, spec);
      return { ok: false, reason: faultOfCode(error.error, subject, "authorization") };
    }
    return refuseWith(
      "bad-answer",
      `The answer is not one of ${title} to this request: its issuer, its state or its form is another. Connect again.`,
    );
  }
}

/** Whether an issuer that nobody has named could be the one that was asked. */
function isNeighbour(iss: string, { endpoints }: OAuthServer): boolean {
  const origin = URL.parse(iss)?.origin;
  return [endpoints.authorization, endpoints.token].some((at) => new URL(at).origin === origin);
}
