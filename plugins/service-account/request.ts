/** What a model can make use of; a result holds it twice. */
const MAX_BYTES = 512 * 1024;
const HIDDEN = "[hidden]";

/** The answer is not what anybody should go on with. The message is for the log and holds nothing of it. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

/** No answer came, or half of one. The message says why, and is for the log. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

export interface ServiceRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | undefined;
  /** What must not be read in the answer, should the service repeat it. */
  readonly secret: string;
  readonly signal: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  /** How long to wait before the next try, when the service says so. */
  readonly retryAfterMs: number | null;
  /** Without parameters, in lower case; empty when there is none. Whatever the service likes, so it is not repeated. */
  readonly mediaType: string;
  /** Without the secret. */
  readonly text: string;
}

/**
 * @throws UnexpectedAnswer for a redirect, which is never followed, and for more than 512 KiB
 * @throws Unreachable
 * @throws the signal's reason when it aborts
 */
export async function send(request: ServiceRequest): Promise<ServiceAnswer> {
  try {
    return await sendOnce(request);
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof UnexpectedAnswer) throw error;
    throw new Unreachable(hideSecret(reasonOf(error), request.secret));
  }
}

async function sendOnce(request: ServiceRequest): Promise<ServiceAnswer> {
  const { url, method, headers, body, secret, signal } = request;
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    // Another host must get neither the token nor the assertion.
    redirect: "manual",
    signal,
  });
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    await response.body?.cancel();
    throw new UnexpectedAnswer("a redirect");
  }
  const mediaType = (response.headers.get("content-type") ?? "").split(";", 1)[0]!;
  return {
    status: response.status,
    retryAfterMs: readRetryAfter(response.headers.get("retry-after")),
    mediaType: mediaType.trim().toLowerCase(),
    text: hideSecret(await readBounded(response), secret),
  };
}

/** JSON without the secret, which it can write in many ways; `undefined` when it is none. */
export function parseJson(text: string, secret: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) =>
      typeof value === "string" ? hideSecret(value, secret) : value,
    );
  } catch {
    return undefined;
  }
}

function hideSecret(text: string, secret: string): string {
  return text.replaceAll(secret, HIDDEN).replaceAll(encodeURIComponent(secret), HIDDEN);
}

async function readBounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_BYTES) {
      await reader.cancel();
      throw new UnexpectedAnswer("more than 512 KiB");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The cause of a failed `fetch` says what its message does not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function readRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
