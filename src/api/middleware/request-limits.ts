import { clientAddress, type TrustedProxies } from "../../core/limits/client-address.ts";
import type { LoadShedder } from "../../core/limits/load-shedder.ts";
import {
  RateBudget,
  retryAfterSeconds,
  UNLIMITED,
  type RateUse,
} from "../../core/limits/rate-budget.ts";
import type { RateLimits } from "../../core/limits/rate-limits.ts";
import type { Principal } from "../../types/principal.ts";
import type { Time } from "../../types/runtime.ts";

/** What an adapter knows of where a request comes from. */
export interface RequestOrigin {
  /** Of the socket; `null` where the runtime does not say. */
  readonly address: string | null;
}

/** What keeps one caller from taking the server away from the others. */
export interface RequestLimits {
  /** By what uses of somebody without a key are counted; `null` where nobody knows. */
  addressOf(headers: Headers, from: RequestOrigin | undefined): string | null;
  /** Seconds after which to try again, where the server has too much to do right now. */
  shed(): number | null;
  /** Counts a request of a principal, or one in a message that comes by a WebSocket. `null` where there is no limit. */
  request(principal: Principal): RateUse | null;
  anonymous(address: string | null): RateUse | null;
  /** Counts a key or token that was refused. */
  failure(address: string | null): RateUse | null;
  /** Whether one more could be refused without being too many. */
  mayFail(address: string | null): boolean;
}

export interface RequestLimitsDeps {
  /** As they are now: they can be changed while the server runs. */
  readonly limits: () => RateLimits;
  readonly proxies: TrustedProxies;
  readonly shedder: LoadShedder | null;
  readonly time: Time;
}

export function createRequestLimits(deps: RequestLimitsDeps): RequestLimits {
  const { limits, proxies, shedder, time } = deps;
  const budgets = {
    requests: new RateBudget(UNLIMITED, time),
    anonymous: new RateBudget(UNLIMITED, time),
    failures: new RateBudget(UNLIMITED, time),
  };
  const take = (kind: keyof typeof budgets, name: string | null) => {
    const perMinute = limits()[kind];
    // Of a runtime that does not say where requests come from, one would lock out all.
    return perMinute === null || name === null ? null : budgets[kind].take(name, perMinute);
  };
  return {
    addressOf: (headers, from) =>
      clientAddress(from?.address ?? null, headers.get("x-forwarded-for"), proxies),
    shed: () => shedder?.refuse() ?? null,
    request: ({ kind, id }) => take("requests", `${kind} ${id}`),
    anonymous: (address) => take("anonymous", address),
    failure: (address) => take("failures", address),
    mayFail(address) {
      const { failures } = limits();
      if (failures === null || address === null) return true;
      return budgets.failures.hasLeft(address, failures);
    },
  };
}

/** As the draft of the IETF has them (draft-ietf-httpapi-ratelimit-headers). */
export function rateHeaders(use: RateUse, policy: string): Record<string, string> {
  const { limit, remaining, retryAfterMs, isAllowed } = use;
  const resetSeconds = Math.ceil(retryAfterMs / 1_000);
  return {
    "ratelimit-policy": `"${policy}";q=${limit};w=60`,
    ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
    ...(!isAllowed && { "retry-after": String(retryAfterSeconds(use)) }),
  };
}
