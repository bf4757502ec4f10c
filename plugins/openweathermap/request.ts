import type { PluginContext } from "mcp-plugin-server/plugin";
import { UnexpectedAnswer } from "./read-answer.ts";

const MAX_BYTES = 1024 * 1024;
/** The signal ends it before. */
const LONGEST_MS = 600_000;
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

/** The server does not let the request out. The message is for the log. */
export class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/**
 * Gets JSON with the key in the query, which is the only place where the service takes one.
 *
 * @throws UnexpectedAnswer for a redirect, which is never followed, and for more than 1 MiB
 * @throws NotAllowed
 * @throws whatever else `fetch` throws
 */
export async function getJson(
  { fetch }: Pick<PluginContext, "fetch">,
  url: URL,
  apiKey: string,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const withKey = new URL(url);
  withKey.searchParams.set("appid", apiKey);
  const response = await fetch(withKey, {
    headers: { accept: "application/json" },
    // Another host must not get the key.
    redirect: "refuse",
    maxBytes: MAX_BYTES,
    timeoutMs: LONGEST_MS,
    signal,
  }).catch((error: unknown) => {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === "OUTBOUND_TOO_LARGE") throw new UnexpectedAnswer("more than 1 MiB");
    throw code === "OUTBOUND_REFUSED" ? new NotAllowed(String(message)) : error;
  });
  if (response.status >= 300 && response.status < 400) throw new UnexpectedAnswer("a redirect");
  const body = parseJson(await response.text(), apiKey);
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
