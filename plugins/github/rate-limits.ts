import { retryAfterMs } from "mcp-plugin-server/plugin";
import type { ServiceAnswer } from "./request.ts";

/** As GitHub asks for where it does not say how long. */
const USUAL_WAIT_MS = 60_000;
/** The longest period that a limit has; a later end is a mistake in a header. */
const MAX_WAIT_MS = 60 * 60 * 1_000;
const MAX_OWNERS = 100;

export interface RateLimit {
  /** `primary`: so many an hour, or for searches a minute. `secondary`: too much at once. */
  readonly kind: "primary" | "secondary";
  readonly waitMs: number;
}

/**
 * The limit that an answer speaks of; `null` when it was refused for something else, or was not refused.
 *
 * @param now milliseconds since 1970, where the answer has no date of its own
 * @param message of the refusal
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function readRateLimit(
  { status, headers }: Pick<ServiceAnswer, "status" | "headers">,
  message: string | null,
  now: number,
): RateLimit | null {
  if (status !== 403 && status !== 429) return null;
  if (headers.has("retry-after")) {
    const ms = retryAfterMs(headers, now) ?? USUAL_WAIT_MS;
    return { kind: "secondary", waitMs: Math.min(ms, MAX_WAIT_MS) };
  }
  if (headers.get("x-ratelimit-remaining") === "0") {
    return { kind: "primary", waitMs: readReset(headers, now) };
  }
  // A 403 is a limit only where it says so.
  const isLimit = status === 429 || /secondary rate limit|abuse detection/i.test(message ?? "");
  return isLimit ? { kind: "secondary", waitMs: USUAL_WAIT_MS } : null;
}

/** Keeps requests back that GitHub would refuse: who goes on in spite of a limit is locked out for longer. */
export class RateGate {
  readonly #until = new Map<string, { readonly limit: RateLimit["kind"]; readonly at: number }>();

  /** Whom and what a limit is on. A secondary one is on all that a token does. */
  block(owner: string, resource: string, { kind, waitMs }: RateLimit, now: number): void {
    const key = kind === "secondary" ? owner : `${owner} ${resource}`;
    this.#until.delete(key);
    this.#until.set(key, { limit: kind, at: now + waitMs });
    if (this.#until.size <= MAX_OWNERS) return;
    const [oldest] = this.#until.keys();
    this.#until.delete(oldest!);
  }

  find(owner: string, resource: string, now: number): RateLimit | null {
    const found = [owner, `${owner} ${resource}`].flatMap((key) => {
      const { limit, at } = this.#until.get(key) ?? { at: now };
      return limit === undefined || at <= now ? [] : [{ kind: limit, waitMs: at - now }];
    });
    return found.toSorted((a, b) => b.waitMs - a.waitMs)[0] ?? null;
  }
}

/** Which of GitHub's limits a path counts to. */
export function resourceOf(path: string): "code_search" | "search" | "core" {
  if (path === "search/code") return "code_search";
  return path.startsWith("search/") ? "search" : "core";
}

/** By GitHub's own clock where it tells the time, because this machine's may be wrong. */
function readReset(headers: Headers, now: number): number {
  const reset = headers.get("x-ratelimit-reset") ?? "";
  if (!/^\d{1,12}$/.test(reset)) return USUAL_WAIT_MS;
  const date = Date.parse(headers.get("date") ?? "");
  const ms = Number(reset) * 1_000 - (Number.isNaN(date) ? now : date);
  return Math.min(Math.max(0, ms), MAX_WAIT_MS);
}
