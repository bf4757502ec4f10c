import { AppError } from "../errors.ts";
import type { FetchInit } from "../types/plugin.ts";
import { fromBase64, toBase64 } from "../util/base64.ts";
import { utf8 } from "../util/bytes.ts";
import { toFetchResponse } from "../util/fetch-response.ts";
import { isJsonObject } from "../util/json-object.ts";
import {
  MAX_OUTBOUND_BODY,
  MAX_OUTBOUND_HEADERS,
  MAX_OUTBOUND_URL,
} from "../util/outbound-limits.ts";

/** An answer as a message carries it. */
interface FetchReply {
  readonly status: number;
  readonly headers: [string, string][];
  /** Base64. */
  readonly body: string;
  readonly url: string;
}

/**
 * The two texts of a question: JSON, and the body as base64. What could make a message longer than it may be is refused
 * here, all else by the server.
 *
 * @throws AppError `OUTBOUND_REFUSED`
 */
export function toFetchTexts(
  url: string | URL,
  { body, headers, method, timeoutMs, maxBytes, redirect }: FetchInit,
): [head: string, body: string] {
  const address = String(url);
  if (address.length > MAX_OUTBOUND_URL) throw tooLong("url");
  const bytes = typeof body === "string" ? utf8(body) : body;
  const isBody = bytes === undefined || bytes instanceof Uint8Array;
  if (!isBody || (bytes?.length ?? 0) > MAX_OUTBOUND_BODY) throw tooLong("body");
  const head = JSON.stringify({
    url: address,
    hasBody: bytes !== undefined,
    headers: headers instanceof Headers ? Object.fromEntries(headers) : headers,
    method,
    timeoutMs,
    maxBytes,
    redirect,
  });
  if (head.length > 2 * (MAX_OUTBOUND_URL + MAX_OUTBOUND_HEADERS)) throw tooLong("header");
  return [head, bytes === undefined ? "" : toBase64(bytes)];
}

/** What a plugin asks for. Whether it may is not for here to say. */
export function readFetchTexts(head: string, body: string): { url: string; init: FetchInit } {
  try {
    const read: unknown = JSON.parse(head);
    if (!isJsonObject(read)) throw new TypeError("The request is no object.");
    const { url, hasBody, ...init } = read;
    return {
      url: String(url),
      init: { ...(init as FetchInit), ...(hasBody === true && { body: fromBase64(body) }) },
    };
  } catch (error) {
    throw new AppError("OUTBOUND_REFUSED", "The request cannot be read.", { cause: error });
  }
}

export async function toFetchReply(response: Response): Promise<FetchReply> {
  const { status, headers, url } = response;
  const body = toBase64(new Uint8Array(await response.arrayBuffer()));
  return { status, headers: [...headers], body, url };
}

/** @param value what `toFetchReply` has made */
export function fromFetchReply(value: unknown): Response {
  const { status, headers, body, url } = value as FetchReply;
  return toFetchResponse({ status, headers: new Headers(headers), body: fromBase64(body), url });
}

function tooLong(rule: "url" | "body" | "header"): AppError {
  const message = `Not asked: the ${rule} is no text or bytes, or too long (rule: ${rule}).`;
  return new AppError("OUTBOUND_REFUSED", message);
}
