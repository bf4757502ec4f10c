import {
  createGuardedFetch,
  createOutboundGuard,
  type Outbound,
  type OutboundPolicy,
  type Time,
} from "../../src/index.ts";

/**
 * The way out of a Worker. What a URL says is checked here; that a name leads to the internet is for the platform to see
 * to: a Worker reaches no private network, and with the flag `global_fetch_strictly_public` (wrangler.toml) not the
 * origin behind its own zone either.
 */
export function createWorkersOutbound(policy: OutboundPolicy, time: Pick<Time, "after">): Outbound {
  return createGuardedFetch({
    guard: createOutboundGuard(policy),
    carry: ({ url, method, headers, body, signal }) =>
      fetch(url, { method, headers, body, signal, redirect: "manual" }),
    time,
  });
}
