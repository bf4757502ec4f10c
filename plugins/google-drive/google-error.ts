import { z } from "mcp-plugin-server/plugin";
import type { Answer } from "./request.ts";

const MAX_CHARS = 300;
const HIDDEN = "[token]";

const text = z.string().nullish().catch(null);
const reasons = z
  .array(z.object({ reason: text }).catch({}))
  .nullish()
  .catch(null);
/** The Drive API has its reasons in `errors`, newer APIs in `details`. */
const errorSchema = z.object({
  error: z.object({ message: text, errors: reasons, details: reasons }),
});

/** What a refusal says of itself, as far as it does. */
export interface GoogleError {
  /** One line of bearable length, without a full stop at its end and without the token. */
  readonly message: string | null;
  /** Such as `userRateLimitExceeded`, or `SERVICE_DISABLED`. */
  readonly reasons: ReadonlySet<string>;
}

const REASON = /^[A-Za-z_]{1,60}$/;
const RATE_LIMITS = ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];

export function readError({ bytes }: Pick<Answer, "bytes">, token: string): GoogleError {
  const { message, errors, details } = errorSchema.safeParse(parseJson(bytes)).data?.error ?? {};
  const named = [...(errors ?? []), ...(details ?? [])].flatMap(({ reason }) => reason ?? []);
  // They go into the log, so nothing but what looks like a reason may be one: no token does.
  const known = named.filter((reason) => REASON.test(reason));
  return {
    message: message ? shorten(message.replaceAll(token, HIDDEN)) : null,
    reasons: new Set(known),
  };
}

/** Too many requests at once, which passes. Google says it in two ways. */
export function isRateLimit({ status }: Pick<Answer, "status">, { reasons: named }: GoogleError) {
  return status === 429 || (status === 403 && RATE_LIMITS.some((reason) => named.has(reason)));
}

/** `undefined` for what is no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function shorten(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  if (line.length > MAX_CHARS) return `${line.slice(0, MAX_CHARS)}…`;
  return line.replace(/\.$/, "");
}
