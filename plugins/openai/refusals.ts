import { ToolError } from "mcp-plugin-server/plugin";
import { isQuotaUsedUp, readError } from "./service-error.ts";
import type { ServiceAnswer } from "./request.ts";

export interface Whom {
  /** What the service is called in a sentence. */
  readonly service: string;
  /** The instance whose key it is. */
  readonly pluginId: string;
}

/** OpenAI by its name, any other by its address. */
export function nameOf(baseUrl: string): string {
  const { host } = new URL(baseUrl);
  return host === "api.openai.com" ? "OpenAI" : `The service at ${host}`;
}

/** What can be done about an answer that is not 200. It repeats the service's own message, and nothing else of it. */
export function toRefusal(answer: ServiceAnswer, { service, pluginId }: Whom): ToolError {
  const { status } = answer;
  const { message, code } = readError(answer);
  const words = message === null ? "" : `: ${message}`;
  switch (status) {
    case 401:
      // Its message shows a part of the key.
      return new ToolError(
        `${service} does not accept this server's API key. Ask the server's administrator to store another as the credential "api_key" of "${pluginId}".`,
      );
    case 403:
      return new ToolError(`${service} does not let this server's API key do that${words}.`);
    case 404:
      return new ToolError(
        code === "model_not_found"
          ? `${service} has no such model for this server's API key${words}. The tool "models" lists those that it has.`
          : `${service} does not know what was asked for${words}. If that goes for every call, the setting baseUrl is wrong.`,
      );
    case 413:
      return new ToolError(`That is too much for ${service} at once${words}. Send less.`);
    case 429:
      return isQuotaUsedUp(answer) ? quotaUsedUp(service) : tooMany(service, answer.retryAfterMs);
    default:
      if (status >= 500) return unavailable(service, `it answers with status ${status}`);
      if (code === "context_length_exceeded") {
        return new ToolError(
          `That is longer than the model can take${words}. Send less, or choose a model that takes more.`,
        );
      }
      return new ToolError(`${service} refused the request with status ${status}${words}.`);
  }
}

/** For a service that cannot be reached, is broken, or takes too long. */
export function unavailable(service: string, reason: string): ToolError {
  return new ToolError(`${service} is not available: ${reason}. Try again later.`);
}

/** For an address that the server sends no request to. The log says why. */
export function notAllowed(service: string): ToolError {
  return new ToolError(
    `This server sends no requests to ${lower(service)}. Its administrator can find out why in the log, and open a private address by MCP_ALLOW_PRIVATE_ORIGINS.`,
  );
}

/** For an answer that is not as documented. The log says what was wrong with it. */
export function unexpected(service: string): ToolError {
  return new ToolError(
    `${service} answered something unexpected. Try again later; if that does not help, tell the server's administrator.`,
  );
}

function quotaUsedUp(service: string): ToolError {
  return new ToolError(
    `The quota of this server's API key at ${lower(service)} is used up. The server's administrator must look at its plan and billing.`,
  );
}

function tooMany(service: string, retryAfterMs: number | null): ToolError {
  const seconds = retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1_000);
  return new ToolError(
    `${service} takes no more requests with this server's API key for now. Try again ${seconds === null ? "later" : `in ${seconds} seconds`}.`,
    { data: { retryAfterSeconds: seconds } },
  );
}

function lower(service: string): string {
  return service.replace(/^The /, "the ");
}
