import { ToolError } from "mcp-plugin-server/plugin";
import { readOptionalText, UnexpectedAnswer } from "./read-answer.ts";
import type { ServiceAnswer } from "./request.ts";

/**
 * What a person can do about an answer that is not 200. Of the answer it repeats nothing but the status and the
 * service's own `message`.
 *
 * @param notFound the sentence for 404
 */
export function toRefusal(
  { status, retryAfterSeconds, body }: ServiceAnswer,
  notFound: string,
): ToolError {
  switch (status) {
    case 401:
      return new ToolError(
        "OpenWeatherMap does not accept this server's API key: it is wrong, or not active yet. A new key can take up to two hours. If it is older, the server's administrator must store another as the credential \"api_key\".",
      );
    case 404:
      return new ToolError(notFound);
    case 429: {
      const when = retryAfterSeconds === null ? "later" : `in ${retryAfterSeconds} seconds`;
      return new ToolError(
        `OpenWeatherMap's limit of requests for this server's API key is reached. Try again ${when}.`,
        { data: { retryAfterSeconds } },
      );
    }
    default:
      if (status >= 500) return unavailable(`it answers with status ${status}`);
      return new ToolError(
        `OpenWeatherMap refused the request with status ${status}${messageOf(body)}.`,
      );
  }
}

/** For a service that cannot be reached, is broken, or takes too long. */
export function unavailable(reason: string): ToolError {
  return new ToolError(`OpenWeatherMap is not available: ${reason}. Try again later.`);
}

/** For an address that the server sends no request to. The log says why. */
export function notAllowed(): ToolError {
  return new ToolError(
    "This server sends no requests to the address in the setting baseUrl. Its administrator can find out why in the log, and open a private address by MCP_ALLOW_PRIVATE_ORIGINS.",
  );
}

/** For an answer that is not as the service documents it. The log says what was wrong with it. */
export function unexpected(): ToolError {
  return new ToolError(
    "OpenWeatherMap answered something unexpected. Try again later; if that does not help, tell the server's administrator.",
  );
}

function messageOf(body: unknown): string {
  try {
    const message = readOptionalText(body, "message");
    return message === undefined ? "" : `: ${message.replace(/\.$/, "")}`;
  } catch (error) {
    if (error instanceof UnexpectedAnswer) return "";
    throw error;
  }
}
