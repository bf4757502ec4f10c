import { AppError } from "../errors.ts";
import type { InputRequest } from "../types/plugin.ts";
import { toJsonText } from "../util/json-text.ts";
import { isJsonObject } from "../util/json-object.ts";

/** Characters of JSON text of all requests of one question. */
const MAX_CHARS = 256 * 1024;

type InputRequests = Readonly<Record<string, InputRequest>>;

/**
 * The requests of `inputRequired()` as they will stand on the wire, or `null` when there are none.
 *
 * @throws AppError `PLUGIN_INVALID` naming the request that a client could not read
 */
export function toInputRequests(value: unknown): InputRequests | null {
  if (value === null || value === undefined) return null;
  const text = toJsonText(value, MAX_CHARS);
  if (!text.ok) throw invalid(`cannot be sent: their value ${text.reason}`);
  const requests: unknown = JSON.parse(text.value);
  if (!isJsonObject(requests)) throw invalid("must be an object of requests");
  for (const [key, request] of Object.entries(requests)) {
    const fault = requestFault(request);
    if (fault !== null) throw invalid(`have "${key}", which ${fault}`);
  }
  return Object.keys(requests).length === 0 ? null : (requests as InputRequests);
}

function requestFault(request: unknown): string | null {
  if (!isJsonObject(request)) return "is not a request";
  const params = isJsonObject(request["params"]) ? request["params"] : {};
  switch (request["method"]) {
    case "elicitation/create":
      if (typeof params["message"] !== "string") return "has no message";
      if (params["mode"] === "url") return isUrl(params["url"]) ? null : "has no url";
      return isJsonObject(params["requestedSchema"]) ? null : "has no requestedSchema";
    case "sampling/createMessage":
      if (!Array.isArray(params["messages"])) return "has no messages";
      return typeof params["maxTokens"] === "number" ? null : "has no maxTokens";
    case "roots/list":
      return null;
    default:
      return "has a method that no client answers";
  }
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value);
}

function invalid(fault: string): AppError {
  return new AppError("PLUGIN_INVALID", `The inputRequests of inputRequired() ${fault}.`);
}
