import { ToolError } from "mcp-plugin-server/plugin";
import { parseJson, type ServiceAnswer } from "./request.ts";

const MAX_CHARS = 500;

/** `api.example.com`, as it stands in a sentence. */
export type Host = string;

/** What can be done about an answer of the API that is no success. Of its own words it repeats 500 characters. */
export function toRefusal(answer: ServiceAnswer, host: Host, isRepeatable: boolean): ToolError {
  const { status, retryAfterMs } = answer;
  const data = { status };
  switch (status) {
    case 401:
      return new ToolError(
        `${host} does not take the access token that it was given, not even a new one. Ask the server's administrator to look at the settings audience and scope.`,
        { data },
      );
    case 403:
      return new ToolError(`${host} does not let this service account do that${wordsOf(answer)}.`, {
        data,
      });
    case 429: {
      const seconds = retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1_000);
      const when = seconds === null ? "later" : `in ${seconds} seconds`;
      return new ToolError(`${host} takes no more requests for now. Try again ${when}.`, {
        data: { ...data, retryAfterSeconds: seconds },
      });
    }
    default:
      if (status >= 500) return unavailable(host, `it answers with status ${status}`, isRepeatable);
      return new ToolError(`${host} answered with status ${status}${wordsOf(answer)}.`, { data });
  }
}

/**
 * For a service that cannot be reached, is broken, or takes too long.
 *
 * @param isRepeatable whether it does no harm when the request has reached the service all the same
 */
export function unavailable(host: Host, reason: string, isRepeatable: boolean): ToolError {
  const next = isRepeatable
    ? "Try again later."
    : "It may have done what was asked all the same: look before you try again.";
  return new ToolError(`${host} is not available: ${reason}. ${next}`);
}

/** For an address that the server sends no request to. The log says why. */
export function notAllowed(host: Host): ToolError {
  return new ToolError(
    `This server sends no requests to ${host}. Its administrator can find out why in the log, and open a private address by MCP_ALLOW_PRIVATE_ORIGINS.`,
  );
}

/** For an answer that nobody can go on with. The log says what was wrong with it. */
export function unexpected(host: Host): ToolError {
  return new ToolError(
    `${host} answered something that cannot be used. If that happens again, tell the server's administrator.`,
  );
}

/** What a token endpoint says of its refusal: RFC 6749, 5.2. */
export function toTokenRefusal(answer: ServiceAnswer, host: Host, assertion: string): ToolError {
  const { error, error_description: description } = (parseJson(answer.text, assertion) ??
    {}) as Record<string, unknown>;
  const words = [error, description].filter((it) => typeof it === "string" && it !== "");
  const said = words.length === 0 ? "" : ` (${shorten(words.join(": "))})`;
  return new ToolError(
    `${host} gave no access token: status ${answer.status}${said}. Ask the server's administrator to look at the credentials private_key, issuer and key_id, the settings audience, scope and subject, and the server's clock.`,
    { data: { status: answer.status } },
  );
}

/** Nothing of a page of HTML, which is for people with a browser. */
function wordsOf({ mediaType, text }: ServiceAnswer): string {
  return mediaType === "text/html" || text.trim() === "" ? "" : `: ${shorten(text)}`;
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line.length > MAX_CHARS) return `${line.slice(0, MAX_CHARS)}…`;
  return line.replace(/\.$/, "");
}
