import { hideKey } from "./api-key.ts";
import { UnexpectedAnswer } from "./read-answer.ts";

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

/**
 * Sends one request with the key in its header.
 *
 * @throws UnexpectedAnswer for a redirect, which is never followed, and for an answer that is too large
 * @throws whatever `fetch` throws; its message is not for others
 */
export async function send(request: ServiceRequest): Promise<ServiceAnswer> {
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
    redirect: "manual",
    signal,
  });
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    await response.body?.cancel();
    throw new UnexpectedAnswer("a redirect");
  }
  const requestId = response.headers.get("x-request-id");
  return {
    status: response.status,
    retryAfterMs: readRetryAfter(response.headers),
    requestId: requestId === null ? null : hideKey(requestId.slice(0, 200), key),
    body: parseJson(await readBounded(response, maxBytes), key),
  };
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new UnexpectedAnswer(`more than ${maxBytes / 1_048_576} MiB`);
    }
    text += decoder.decode(value, { stream: true });
  }
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
  const header = headers.get("retry-after");
  if (header === null) return null;
  if (/^\d{1,6}(?:\.\d+)?$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
