import type { RateUse } from "../core/limits/rate-budget.ts";
import type { RefusedRequest, RequestAudit } from "./middleware/request-audit.ts";
import { rateHeaders, type RequestLimits } from "./middleware/request-limits.ts";
import { problem } from "./problem.ts";

/** The refusal of a part of what comes while the process cannot keep up; `null` for the rest. */
export function overloaded(
  limits: Pick<RequestLimits, "shed">,
  requestId: string,
): Response | null {
  const seconds = limits.shed();
  if (seconds === null) return null;
  return problem("OVERLOADED", requestId, { headers: { "retry-after": String(seconds) } });
}

/** The refusal of what came too often; `null` for what did not. */
export function tooOften(use: RateUse | null, policy: string, requestId: string): Response | null {
  if (use === null || use.isAllowed) return null;
  return problem("RATE_LIMITED", requestId, { headers: rateHeaders(use, policy) });
}

/**
 * Records a refusal and counts it: against whoever guesses, and as a request of whoever did not have to, which costs what an
 * answer does. Answers with what they get when that was too often.
 */
export function noteRefusal(
  refused: RefusedRequest,
  address: string | null,
  {
    limits,
    audit,
  }: {
    readonly limits: Pick<RequestLimits, "failure" | "request" | "anonymous">;
    readonly audit: Pick<RequestAudit, "refused">;
  },
): Response | null {
  audit.refused(refused);
  const { reason, principal, requestId } = refused;
  if (reason === "UNAUTHENTICATED" || reason === "TOKEN_INVALID") {
    return tooOften(limits.failure(address), "failures", requestId);
  }
  return principal === null
    ? tooOften(limits.anonymous(address), "anonymous", requestId)
    : tooOften(limits.request(principal), "requests", requestId);
}
