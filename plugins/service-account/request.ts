import { retryAfterMs, type PluginContext } from "mcp-plugin-server/plugin";

/** What a model can make use of; a result holds it twice. */
const MAX_BYTES = 512 * 1024;
/** The signal ends it before. */
const LONGEST_MS = 600_000;
const HIDDEN = "[hidden]";

/** The answer is not what anybody should go on with. The message is for the log and holds nothing of it. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

/** No answer came, or half of one. The message says why, and is for the log. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** The server does not let the request out. The message is for the log. */
export class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

export interface ServiceRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
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
 * @throws NotAllowed, Unreachable
 * @throws the signal's reason when it aborts
 */
export async function send(
  plugin: Pick<PluginContext, "fetch">,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  try {
    return await sendOnce(plugin, request);
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof UnexpectedAnswer) throw error;
    const { code } = error as { code?: unknown };
    if (code === "OUTBOUND_TOO_LARGE") throw new UnexpectedAnswer("more than 512 KiB");
    const reason = hideSecret(error instanceof Error ? error.message : "unknown", request.secret);
    throw code === "OUTBOUND_REFUSED" ? new NotAllowed(reason) : new Unreachable(reason);
  }
}

async function sendOnce(
  { fetch }: Pick<PluginContext, "fetch">,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  const { url, method, headers, body, secret, signal } = request;
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    // Another host must get neither the token nor the assertion.
    redirect: "refuse",
    maxBytes: MAX_BYTES,
    timeoutMs: LONGEST_MS,
    signal,
  });
  if (response.status >= 300 && response.status < 400) throw new UnexpectedAnswer("a redirect");
  const mediaType = (response.headers.get("content-type") ?? "").split(";", 1)[0]!;
  return {
    status: response.status,
    retryAfterMs: retryAfterMs(response.headers, Date.now()),
    mediaType: mediaType.trim().toLowerCase(),
    text: hideSecret(await response.text(), secret),
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
