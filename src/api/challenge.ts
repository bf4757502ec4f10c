import { resourceMetadataUrl } from "../core/auth/protected-resource.ts";
import { namesToAsk, namesToBeginWith, type ScopeNaming } from "../core/auth/scope-names.ts";

const REALM = "mcp-plugin-server";

/** Why somebody is challenged. */
export type ChallengeReason =
  /** They came without a key or a token. */
  | { readonly kind: "no-token" }
  /** What they came with is good no more, or never was. */
  | { readonly kind: "invalid-token" }
  /** Their token is good, but not for this. */
  | {
      readonly kind: "insufficient-scope";
      /** What all of it takes, in our names. */
      readonly scopes: readonly string[];
      /** Whose token they have. */
      readonly issuer: string;
    };

export interface ChallengeDeps {
  /** None when this server takes no access tokens of others: then no client can get one. */
  readonly issuers: readonly ScopeNaming[];
  readonly publicUrl: () => string;
}

/** The value of `WWW-Authenticate` (RFC 6750, RFC 9728), by which MCP clients know where to get which token. */
export function challenge(reason: ChallengeReason, { issuers, publicUrl }: ChallengeDeps): string {
  const realm = { realm: REALM };
  if (issuers.length === 0) return toHeader(realm);
  const metadata = { resource_metadata: resourceMetadataUrl(publicUrl()) };
  switch (reason.kind) {
    case "no-token":
      return toHeader({ ...realm, ...metadata, ...scopeOf(namesToBeginWith(issuers)) });
    case "invalid-token":
      return toHeader({
        ...realm,
        error: "invalid_token",
        error_description: "The access token is not valid for this server, or not any more.",
        ...metadata,
        ...scopeOf(namesToBeginWith(issuers)),
      });
    case "insufficient-scope":
      return toHeader({
        ...realm,
        error: "insufficient_scope",
        error_description: "The access token does not have the scopes that this takes.",
        ...scopeOf(namesToAsk(issuers, reason.scopes, reason.issuer)),
        ...metadata,
      });
  }
}

function scopeOf(names: readonly string[]): { scope?: string } {
  return names.length === 0 ? {} : { scope: names.join(" ") };
}

function toHeader(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${clean(value)}"`);
  return `Bearer ${pairs.join(", ")}`;
}

/** RFC 6750, 3: printable ASCII without quotes and backslashes, so that nothing ends the value but its own end. */
function clean(value: string): string {
  return value.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "");
}
