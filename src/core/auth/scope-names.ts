import type { IssuerSettings } from "../../types/access-tokens.ts";
import { covers, GENERAL_SCOPES } from "./token-scopes.ts";

/** How an issuer calls scopes. */
export type ScopeNaming = Pick<IssuerSettings, "issuer" | "scopes" | "scopePrefix">;

/**
 * What a client has to ask its authorization server for, to be given these scopes of ours.
 *
 * @param issuer whose token the client has, where that is known
 * @returns nothing when the issuers' names differ: no list would be right for all of them
 */
export function namesToAsk(
  issuers: readonly ScopeNaming[],
  needed: readonly string[],
  issuer?: string,
): readonly string[] {
  const asked = issuers.filter((settings) => issuer === undefined || settings.issuer === issuer);
  return commonList(asked.map((settings) => namesFor(settings, needed)));
}

/** What a client asks for that knows no better: all of the tools, or else whatever there is. */
export function namesToBeginWith(issuers: readonly ScopeNaming[]): readonly string[] {
  const names = namesToAsk(issuers, ["mcp"]);
  return names.length > 0 ? names : namesOffered(issuers);
}

/** All names that clients may ask for, without those of single instances that no settings name. */
export function namesOffered(issuers: readonly ScopeNaming[]): readonly string[] {
  return commonList(
    issuers.map(({ scopes, scopePrefix = "" }) => {
      const names = scopes === undefined ? GENERAL_SCOPES : Object.keys(scopes);
      return names.map((name) => scopePrefix + name);
    }),
  );
}

function namesFor({ scopes, scopePrefix = "" }: ScopeNaming, needed: readonly string[]): string[] {
  if (scopes === undefined) return needed.map((scope) => scopePrefix + scope);
  const names = needed.map((scope) => leastName(scopes, scope)).filter((name) => name !== null);
  return [...new Set(names)].map((name) => scopePrefix + name);
}

/** The name that gives a scope and as little else as may be, of equal ones the first; `null` when none does. */
function leastName(scopes: NonNullable<IssuerSettings["scopes"]>, needed: string): string | null {
  const enough = Object.entries(scopes).filter(([, own]) =>
    own.some((scope) => covers(scope, needed)),
  );
  // All tools only where nothing less does; then what gives the fewest things that were not asked for.
  const breadth = (own: readonly string[]) => [
    own.filter((scope) => covers(scope, "mcp")).length,
    own.filter((scope) => !covers(needed, scope)).length,
    own.length,
  ];
  const [least] = enough.toSorted(([, a], [, b]) => compare(breadth(a), breadth(b)));
  return least?.[0] ?? null;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

function commonList(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return others.every((list) => list.join(" ") === first.join(" ")) ? first : [];
}
