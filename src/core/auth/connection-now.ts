import type { OAuthGrant } from "../../types/oauth.ts";
import type { OAuthInstance, OAuthSpecs } from "./oauth-specs.ts";
import { missingScopes } from "./oauth-scopes.ts";
import { findProvider } from "./providers/index.ts";
import { clientOf, isOwnGrant } from "./token-record.ts";

/** Why tokens are of no use whose client, or whose server, is not the instance's any more. */
export const OTHER_CLIENT = "its provider or client is another one now";

/**
 * Whether a grant is of another client than this one. It is looked at and never noted: where the settings were wrong for a
 * while, the grant is good again with the right ones.
 */
export function isOfOther(grant: OAuthGrant, client: string): boolean {
  return grant.client !== null && grant.client !== client;
}

/** A grant as it stands for what its instance's settings and its plugin say now; they may be other ones than when it was given. */
export function asOfNow(grant: OAuthGrant, instance: ReturnType<OAuthSpecs["find"]>): OAuthGrant {
  if (instance === null) return grant;
  const { spec, declared } = instance;
  // Where the client grants to itself, it gets new tokens by itself.
  const isOther = !isOwnGrant(spec) && isOfOther(grant, clientOf(spec));
  if (grant.status === "connected" && isOther) {
    return { ...grant, status: "needs_reauth", reason: OTHER_CLIENT };
  }
  return { ...grant, missingScopes: missingNow(grant, declared) };
}

function missingNow(
  { scope, missingScopes: then, isRefreshable }: OAuthGrant,
  { scopes, provider }: OAuthInstance["declared"],
): readonly string[] {
  // The provider names none.
  if (scope === "" && then.length === 0) return then;
  return missingScopes(scopes, { scope, accessToken: "", isRefreshable }, findProvider(provider));
}
