import type { Principal } from "../types/principal.ts";
import { challenge, type ChallengeDeps, type ChallengeReason } from "./challenge.ts";
import type { Refusal, RoutePolicy } from "./middleware/gate.ts";
import { problem } from "./problem.ts";

/** The public answer to a refusal of the gate. */
export function refusal(
  reason: Refusal,
  requestId: string,
  {
    policy,
    challenges,
    principal,
  }: {
    readonly policy: RoutePolicy;
    readonly challenges: ChallengeDeps;
    /** Whoever is refused, where that is known. */
    readonly principal: Principal | null;
  },
): Response {
  const withChallenge = (why: ChallengeReason) => {
    // Tokens of others are of use at /mcp alone.
    const deps = policy === "mcp" ? challenges : { ...challenges, issuers: [] };
    return problem(reason, requestId, { headers: { "www-authenticate": challenge(why, deps) } });
  };
  switch (reason) {
    case "UNAUTHENTICATED":
      return withChallenge({ kind: "no-token" });
    case "TOKEN_INVALID":
      return withChallenge({ kind: "invalid-token" });
    case "ISSUER_UNAVAILABLE":
      return problem(reason, requestId, { headers: { "retry-after": "5" } });
    case "FORBIDDEN": {
      const issuer = policy === "mcp" ? principal?.issuer : undefined;
      // Whoever came with a key of this server's has no other to get.
      return issuer === undefined
        ? problem(reason, requestId)
        : withChallenge({ kind: "insufficient-scope", scopes: ["mcp"], issuer });
    }
    case "HOST_REFUSED":
    case "ORIGIN_REFUSED":
    case "CSRF_REFUSED":
      return problem(reason, requestId);
  }
}
