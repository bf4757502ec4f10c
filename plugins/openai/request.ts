import { retryAfterMs, type PluginContext } from "mcp-plugin-server/plugin";
import { hideKey } from "./api-key.ts";
import { UnexpectedAnswer } from "./read-answer.ts";

/** The signal ends it before. */
const LONGEST_MS = 600_000;

/** What the service answered, without the key wherever it may have repeated it. */
export interface ServiceAnswer {
  readonly status: number;
  /** How long to wait before the next try, when the service says so. */
  readonly retryAfterMs: number | null;
  /** What the service calls this request; its support asks for it. */
  readonly requestId: string | null;
  /** Parsed JSON; `undefined` when it was none. */
  readonly body: unknown;
}

export interface ServiceRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly key: string;
  /** Of the answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** The server does not let the request out. The message is for the log. */
export class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/**
 * Sends one request with the key in its header.
 *
 * @throws UnexpectedAnswer for a redirect, which is never followed, and for an answer that is too large
 * @throws NotAllowed
 * @throws whatever else `fetch` throws
 */
export async function send(
  { fetch }: Pick<PluginContext, "fetch">,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  const { url, method, headers, body, key, maxBytes, signal } = request;
  const response = await fetch(url, {
    method,
    headers: {
      ...headers,
      accept: "application/json",
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // Another host must get neither the key nor what was said.
    redirect: "refuse",
    maxBytes,
    timeoutMs: LONGEST_MS,
    signal,
  }).catch((error: unknown) => {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === "OUTBOUND_TOO_LARGE") {
      throw new UnexpectedAnswer(`more than ${maxBytes / 1_048_576} MiB`);
    }
    throw code === "OUTBOUND_REFUSED" ? new NotAllowed(String(message)) : error;
  });
  if (response.status >= 300 && response.status < 400) throw new UnexpectedAnswer("a redirect");
  const requestId = response.headers.get("x-request-id");
  return {
    status: response.status,
    retryAfterMs: readRetryAfter(response.headers),
    requestId: requestId === null ? null : hideKey(requestId.slice(0, 200), key),
    body: parseJson(await response.text(), key),
  };
}

/** Hides the key in the parsed texts, because JSON can write one in many ways. */
function parseJson(text: string, key: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) =>
      typeof value === "string" ? hideKey(value, key) : value,
    );
  } catch {
    return undefined;
  }
}

/** OpenAI also says it in milliseconds. */
function readRetryAfter(headers: Headers): number | null {
  const inMs = headers.get("retry-after-ms");
  if (inMs !== null && /^\d{1,9}(?:\.\d+)?$/.test(inMs)) return Number(inMs);
  return retryAfterMs(headers, Date.now());
}
