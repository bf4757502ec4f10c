import type { PluginContext } from "mcp-plugin-server/plugin";
import { hideToken, type Token } from "./auth.ts";
import { UnexpectedAnswer } from "./unexpected-answer.ts";

const API_VERSION = "2022-11-28";
const USER_AGENT = "mcp-plugin-server";

/** What GitHub answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface ServiceRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly accept: string;
  /** Sent as JSON; `undefined` is no body. */
  readonly body: unknown;
  readonly token: Token;
  /** Of the answer that is at hand: 304 says that it is still good. */
  readonly etag: string | null;
  /** Of the answer. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends one request with the token in its header.
 *
 * @throws UnexpectedAnswer for what another host has answered, which nobody believes
 * @throws whatever `context.fetch` throws
 */
export async function send(
  { fetch }: Pick<PluginContext, "fetch">,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  const { url, method, accept, body, token, etag, maxBytes, timeoutMs, signal } = request;
  const response = await fetch(url, {
    method,
    headers: {
      accept,
      authorization: `Bearer ${token.secret}`,
      "user-agent": USER_AGENT,
      "x-github-api-version": API_VERSION,
      ...(etag !== null && { "if-none-match": etag }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // What was renamed answers from another address. A change is not sent to a place that nobody named.
    redirect: method === "GET" ? "follow" : "refuse",
    maxBytes,
    timeoutMs,
    signal,
  });
  if (response.url !== "" && new URL(response.url).origin !== url.origin) {
    throw new UnexpectedAnswer("a redirect to another host");
  }
  return {
    status: response.status,
    headers: response.headers,
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

export function toText({ body }: Pick<ServiceAnswer, "body">, token: Token): string {
  return hideToken(new TextDecoder().decode(body), token);
}

/** `undefined` when it is no JSON. */
export function toJson(answer: Pick<ServiceAnswer, "body">, token: Token): unknown {
  try {
    return JSON.parse(toText(answer, token));
  } catch {
    return undefined;
  }
}
