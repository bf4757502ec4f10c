import { ToolError } from "mcp-plugin-server/plugin";
import { PERSONAL_TOKEN, type Token } from "./auth.ts";
import type { RateLimit } from "./rate-limits.ts";
import type { ServiceAnswer } from "./request.ts";
import type { ServiceError } from "./service-error.ts";

const LOOK_FIRST = "It may have been done all the same: look before you try again.";

export interface Whom {
  /** What the service is called in a sentence. */
  readonly service: string;
  /** The instance whose token it is. */
  readonly pluginId: string;
  readonly kind: Token["kind"];
}

/** GitHub does not know it, or does not show it. */
export class NotFound extends ToolError {}

/** GitHub by its name, any other by its address. */
export function nameOf(baseUrl: string): string {
  const { host } = new URL(baseUrl);
  return host === "api.github.com" ? "GitHub" : `The GitHub at ${host}`;
}

/**
 * What can be done about an answer that is no success and speaks of no rate limit.
 *
 * @param what was asked for, such as `the issue acme/site#7`
 */
export function toRefusal(
  { status, headers }: Pick<ServiceAnswer, "status" | "headers">,
  { message, details }: ServiceError,
  what: string,
  whom: Whom,
): ToolError {
  const { service } = whom;
  const said = [message, details.join("; ")].filter(Boolean).join(": ");
  const words = said === "" ? "" : ` (${said})`;
  const needs = missingRights(headers);
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return new ToolError(
        `${capital(what)} has been moved or renamed. Find its new name with the tool get_repository, and use that.`,
      );
    case 401:
      return new ToolError(`${service} does not accept ${tokenOf(whom)}. ${another(whom)}`);
    case 403: {
      const organization = signOnAddress(headers, whom);
      if (organization !== null) {
        return new ToolError(
          `${service} lets ${tokenOf(whom)} see ${what} only after it was authorized for single sign-on${organization}.`,
        );
      }
      return new ToolError(
        `${service} does not let ${tokenOf(whom)} do that with ${what}${words}.${needs} Somebody with more rights must do it, or give this account more.`,
      );
    }
    case 404:
      return new NotFound(
        `${service} has no ${what.replace(/^the /, "")}, or does not show it to ${tokenOf(whom)}: it answers the same for both. Look at how it is spelled.${needs}`,
      );
    case 409:
      return new ToolError(`${service} cannot do that with ${what} as it is now${words}.`);
    case 410:
      return new ToolError(
        `${capital(what)} is gone, or this part of the repository is switched off${words}. Trying again will not help.`,
      );
    case 406:
    case 413:
      return tooLarge(what, words);
    case 422:
      return new ToolError(
        `${service} finds the arguments wrong${words}. Change them, and call again.`,
      );
    case 451:
      return new ToolError(`${service} withholds ${what} for legal reasons${words}.`);
    default:
      if (status >= 500) return unavailable(service, `it answers with status ${status}`);
      return new ToolError(`${service} refused the request with status ${status}${words}.`);
  }
}

export function tooLarge(what: string, words = ""): ToolError {
  return new ToolError(`${capital(what)} is too large for one answer${words}. Ask for less.`);
}

export function limited({ kind, waitMs }: RateLimit, { service, pluginId }: Whom): ToolError {
  const seconds = Math.ceil(waitMs / 1_000);
  const why =
    kind === "primary"
      ? `has had as many requests from "${pluginId}" as it takes in its period`
      : `finds the requests from "${pluginId}" too many at once`;
  return new ToolError(`${service} ${why}. Try again in ${spell(seconds)}, and not before.`, {
    data: { rateLimit: kind, retryAfterSeconds: seconds },
  });
}

/** For a service that cannot be reached, is broken, or takes too long. */
export function unavailable(service: string, reason: string, isChange = false): ToolError {
  const next = isChange ? LOOK_FIRST : "Try again later.";
  return new ToolError(`${service} is not available: ${reason}. ${next}`);
}

/** For an answer that is not as documented. The log says what was wrong with it. */
export function unexpected(service: string, isChange = false): ToolError {
  const next = isChange
    ? LOOK_FIRST
    : "Try again later; if that does not help, tell the server's administrator.";
  return new ToolError(`${service} answered something unexpected. ${next}`);
}

function tokenOf({ kind, pluginId }: Whom): string {
  return kind === "personal"
    ? `the personal token of "${pluginId}"`
    : `the account of "${pluginId}"`;
}

function another({ kind, pluginId }: Whom): string {
  return kind === "personal"
    ? `Ask the server's administrator to store another as the credential "${PERSONAL_TOKEN}" of "${pluginId}".`
    : "Connect the account again.";
}

/** The sentence that names the scopes or permissions, where GitHub says which were missing. */
function missingRights(headers: Headers): string {
  // Sets of permissions, any of which will do.
  const permissions = (headers.get("x-accepted-github-permissions") ?? "")
    .split(";")
    .flatMap((set) => readList(set).join(" and ") || []);
  if (permissions.length > 0) return ` It needs the permission ${permissions.join(", or ")}.`;
  const accepted = readList(headers.get("x-accepted-oauth-scopes"));
  // Tokens that have permissions in place of scopes come without the header.
  if (accepted.length === 0 || !headers.has("x-oauth-scopes")) return "";
  const granted = readList(headers.get("x-oauth-scopes"));
  if (accepted.some((scope) => granted.includes(scope))) return "";
  return ` It needs the scope ${accepted.join(" or ")}; the token has ${granted.join(", ") || "none"}.`;
}

/** Only what looks like a scope or a permission. */
function readList(header: string | null): string[] {
  const parts = (header ?? "").split(",").map((part) => part.trim());
  return parts.filter((part) => /^[a-z_:=]{1,60}$/.test(part)).slice(0, 10);
}

/** Where an organization wants its members to sign on. Its address is repeated only where it is the service's own. */
function signOnAddress(headers: Headers, { service }: Whom): string | null {
  const header = headers.get("x-github-sso");
  if (header === null || !header.startsWith("required")) return null;
  const address = /url=(https:\/\/[!-~]{1,500})/.exec(header)?.[1];
  const isKnown = service === "GitHub" && address?.startsWith("https://github.com/");
  return isKnown ? `: a person must open ${address}` : " by a person, in the settings of the token";
}

function spell(seconds: number): string {
  if (seconds < 120) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

function capital(what: string): string {
  return what[0]!.toUpperCase() + what.slice(1);
}
