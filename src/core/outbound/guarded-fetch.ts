import { AppError } from "../../errors.ts";
import type {
  Outbound,
  OutboundCarrier,
  OutboundGuard,
  OutboundResponse,
} from "../../types/outbound.ts";
import type { Time } from "../../types/runtime.ts";
import { readCapped } from "./read-capped.ts";
import { assertMayLead, locationOf, nextHop } from "./redirects.ts";
import { failed, refused } from "./refusals.ts";
import { planRequest, readUrl, type RequestPlan } from "./request-plan.ts";

const MAX_REDIRECTS = 3;
const MAX_CAUSES = 5;

export interface GuardedFetchDeps {
  readonly guard: OutboundGuard;
  readonly carry: OutboundCarrier;
  readonly time: Pick<Time, "after">;
}

/** Sends what the guard lets through, each redirect anew, within the time and the size that the request names. */
export function createGuardedFetch({ guard, carry, time }: GuardedFetchDeps): Outbound {
  const run = async (plan: RequestPlan, signal: AbortSignal): Promise<OutboundResponse> => {
    let hop = plan.first;
    for (let redirects = 0; ; redirects += 1) {
      const { host } = hop.url;
      const response = await carry({ ...hop, signal }).catch((error: unknown) => {
        throw toFailure(error, host);
      });
      const location = plan.follows ? locationOf(response) : null;
      if (location === null) return answerOf(response, plan, hop.url);
      void response.body?.cancel().catch(() => {});
      if (redirects === MAX_REDIRECTS) {
        throw failed(host, `is the end of more than ${MAX_REDIRECTS} redirects`);
      }
      hop = nextHop(hop, response.status, location, guard);
    }
  };

  return {
    async fetch(request) {
      const plan = planRequest(request);
      const { host } = plan.first.url;
      const fault = guard.urlFault(plan.first.url);
      if (fault !== null) throw refused(fault);
      const { signal, namedBy } = request;
      if (namedBy !== undefined) assertMayLead(readUrl(namedBy), plan.first.url, guard);
      signal?.throwIfAborted();
      const ended = new AbortController();
      const { promise: end, reject } = Promise.withResolvers<never>();
      const stop = (reason: unknown) => {
        reject(reason);
        ended.abort(reason);
      };
      const abort = () => stop(signal!.reason);
      const cancel = time.after(plan.timeoutMs, () =>
        stop(failed(host, `did not answer in ${plan.timeoutMs} ms`)),
      );
      signal?.addEventListener("abort", abort, { once: true });
      try {
        return await Promise.race([end, run(plan, ended.signal)]);
      } finally {
        cancel();
        signal?.removeEventListener("abort", abort);
      }
    },
  };
}

async function answerOf(
  response: Response,
  { maxBytes }: RequestPlan,
  url: URL,
): Promise<OutboundResponse> {
  const { status } = response;
  if (status < 200 || status > 599) throw failed(url.host, `answered a status that is none`);
  const headers = new Headers(response.headers);
  // The body has been unpacked.
  if (headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  const body = await readCapped(response, maxBytes, url.host).catch((error: unknown) => {
    throw toFailure(error, url.host);
  });
  return { status, headers, body, url: url.href };
}

/** What a carrier has thrown, without the addresses that stand in its message. */
function toFailure(error: unknown, host: string): AppError {
  let code = "";
  let cause: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth += 1) {
    if (cause instanceof AppError) return cause;
    const { code: its } = cause as { code?: unknown };
    if (typeof its === "string") code = ` (${its})`;
    ({ cause } = cause);
  }
  return failed(host, `cannot be reached${code}`, error);
}
