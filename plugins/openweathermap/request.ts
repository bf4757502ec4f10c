import { UnexpectedAnswer } from "./read-answer.ts";

const MAX_BYTES = 1024 * 1024;
const HIDDEN = "[key]";

/** What the service answered, without the key wherever it may have repeated it. */
export interface ServiceAnswer {
  /** Of HTTP, or of the body's `cod` when that alone tells of an error. */
  readonly status: number;
  /** From `Retry-After`, when it says seconds. */
  readonly retryAfterSeconds: number | null;
  /** Parsed JSON; `undefined` when it was none. */
  readonly body: unknown;
}

/**
 * Gets JSON with the key in the query, which is the only place where the service takes one.
 *
 * @throws UnexpectedAnswer for a redirect, which is never followed, and for more than 1 MiB
 * @throws whatever `fetch` throws; its message is not for others
 */
export async function getJson(
  url: URL,
  apiKey: string,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const withKey = new URL(url);
  withKey.searchParams.set("appid", apiKey);
  const response = await fetch(withKey, {
    headers: { accept: "application/json" },
    // Another host must not get the key. "error" would look like a failure of the network, and be tried again.
    redirect: "manual",
    signal,
  });
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    await response.body?.cancel();
    throw new UnexpectedAnswer("a redirect");
  }
  const body = parseJson(await readBounded(response), apiKey);
  return {
    status: statusOf(response.status, body),
    retryAfterSeconds: readRetryAfter(response.headers.get("retry-after")),
    body,
  };
}

/** The text with the key taken out, in whatever case it stands there. */
export function hideKey(text: string, apiKey: string): string {
  const pattern = apiKey.replaceAll(/[^A-Za-z0-9]/g, "\\$&");
  return text.replaceAll(new RegExp(pattern, "gi"), HIDDEN);
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
      throw new UnexpectedAnswer("more than 1 MiB");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Hides the key in the parsed texts, because JSON can write one in many ways. */
function parseJson(text: string, apiKey: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === "string" ? hideKey(value, apiKey) : value,
    );
  } catch {
    return undefined;
  }
}

/** `cod` is a number in some answers and a text in others. */
function statusOf(status: number, body: unknown): number {
  const cod = Number((body as { cod?: unknown } | null | undefined)?.cod);
  return status === 200 && cod >= 400 ? cod : status;
}

function readRetryAfter(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : null;
}
