import { ok, refuse, type Result } from "../../util/result.ts";

/** How often what may be done in a minute; `null` for as often as anybody likes. */
export interface RateLimits {
  /** Requests of one principal: those of HTTP, and those in the messages of its WebSockets. */
  readonly requests: number | null;
  /** Tool calls of one principal, by whichever transport. */
  readonly calls: number | null;
  /** Requests of one address to what needs no key, or is nowhere. */
  readonly anonymous: number | null;
  /** Refused keys and tokens of one address. A good one is taken from there all the same. */
  readonly failures: number | null;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  requests: 3_000,
  calls: 1_500,
  anonymous: 300,
  failures: 20,
};

export const NO_RATE_LIMITS: RateLimits = {
  requests: null,
  calls: null,
  anonymous: null,
  failures: null,
};

const NAMES = ["requests", "calls", "anonymous", "failures"] as const;

/** `off`, or `requests=600, calls=off`: what is not named stays as usual. A refusal is what is wrong. */
export function parseRateLimits(text: string): Result<RateLimits, string> {
  if (text.trim() === "off") return ok(NO_RATE_LIMITS);
  let limits = DEFAULT_RATE_LIMITS;
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [name = "", value = "", ...rest] = part.split("=").map((each) => each.trim());
    if (rest.length > 0) return refuse(part);
    const isNumber = /^[1-9]\d{0,6}$/.test(value);
    if (!NAMES.some((known) => known === name) || !(isNumber || value === "off")) {
      return refuse(part);
    }
    limits = { ...limits, [name]: isNumber ? Number(value) : null };
  }
  return ok(limits);
}
