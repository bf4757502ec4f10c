import type { OAuthProvider } from "./providers/provider.ts";
import { isScopeName } from "./token-scopes.ts";

/** Whoever grants more names something else. */
const MAX_GRANTED = 100;

/** What a provider says that it granted, as a page or a terminal can show it: whatever is no scope (RFC 6749, 3.3) is left out. */
export function grantedScope(text: string): string {
  return readScopes(text).filter(isScopeName).slice(0, MAX_GRANTED).join(" ");
}

export function readScopes(scope: string): readonly string[] {
  return scope.split(/\s+/).filter((name) => name !== "");
}

/** What to ask a provider for: what the plugin declares, and what else is needed to refresh. */
export function scopesToAsk(
  declared: readonly string[],
  provider: OAuthProvider | null,
): readonly string[] {
  return [...new Set([...declared, ...(provider?.offlineScopes ?? [])])];
}

/** Which of the scopes that a plugin declares an answer has not granted. */
export function missingScopes(
  declared: readonly string[],
  granted: {
    readonly scope: string;
    readonly accessToken: string;
    readonly isRefreshable: boolean;
  },
  provider: OAuthProvider | null,
): readonly string[] {
  if (provider?.isScopeless?.(granted.accessToken)) return [];
  const { canonicalScope = (scope: string) => scope, includedScopes = {} } = provider ?? {};
  const have = new Set(readScopes(granted.scope).map(canonicalScope));
  for (const scope of have) {
    // The set grows while it is walked, so that what is included in what is included comes along.
    for (const included of includedScopes[scope] ?? []) have.add(included);
  }
  return declared.filter((scope) => {
    // Some never name it, and all show it by what they give.
    if (scope === "offline_access" && granted.isRefreshable) return false;
    return !have.has(canonicalScope(scope));
  });
}
