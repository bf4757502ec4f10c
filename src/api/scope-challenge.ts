import { scopesNeeded } from "../core/auth/token-scopes.ts";
import type { McpHandlerDeps } from "../core/mcp-handler.ts";
import { challenge, type ChallengeDeps } from "./challenge.ts";
import { problem } from "./problem.ts";

/**
 * The answer to a client whose access token does not reach to the tool that it calls: 403, and which scopes would. Whoever came
 * with a key of this server has none to get, and is told of no such tool.
 */
export function createScopeChallenge(
  deps: ChallengeDeps,
): NonNullable<McpHandlerDeps["challengeFor"]> {
  return ({ run, definition }, { principal, requestId }) => {
    const { issuer } = principal;
    if (issuer === undefined) return null;
    const isReadOnly = definition.annotations?.readOnlyHint === true;
    const scopes = scopesNeeded({ instanceId: run.instanceId, isReadOnly });
    const header = challenge({ kind: "insufficient-scope", scopes, issuer }, deps);
    return problem("FORBIDDEN", requestId, { headers: { "www-authenticate": header } });
  };
}
