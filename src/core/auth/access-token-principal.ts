import type { IssuerSettings } from "../../types/access-tokens.ts";
import type { Principal, ToolAccess } from "../../types/principal.ts";
import type { Sha256 } from "../../types/runtime.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import {
  clientIdOf,
  scopeNamesOf,
  subjectOf,
  type Claims,
  type Subject,
} from "./access-token-claims.ts";
import { accessOf, toOwnScopes } from "./token-scopes.ts";

/** As it stands in owners, and short enough for an id with the issuer before it. */
const PLAIN_SUBJECT = /^[\x21-\x7e]{1,100}$/;
/** What this server itself puts before a subject, so that no issuer can. */
const OWN_FORM = /^(?:sha256|client_id):/;
/** 64 bits of a hash: enough to tell issuers apart, which the operator has named. */
const ISSUER_CHARS = 16;

export interface TokenHolder {
  readonly subject: string;
  readonly clientId: string | null;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
  readonly principal: Principal;
}

/**
 * Whom the claims of a good token speak for. Only `/mcp` is open to them, whatever a token says: scopes of the admin API are
 * not the issuer's to give.
 *
 * @param shareAccess gives equal limits as one object, by which catalogs are kept
 */
export async function toHolder(
  claims: Claims,
  settings: IssuerSettings,
  shareAccess: (access: ToolAccess) => ToolAccess,
  sha256: Sha256,
): Promise<TokenHolder> {
  const issuer = (await hexDigest(sha256, settings.issuer)).slice(0, ISSUER_CHARS);
  const subject = await writeSubject(subjectOf(claims)!, sha256);
  const scopes = Object.freeze(toOwnScopes(scopeNamesOf(claims), settings));
  const access = accessOf(scopes);
  const isWhole = scopes.includes("mcp");
  const principal: Principal = Object.freeze({
    kind: "user",
    id: `${issuer}:${subject}`,
    scopes: Object.freeze(access === null ? [] : ["mcp"]),
    owner: `user:${issuer}:${subject}`,
    issuer: settings.issuer,
    ...(access !== null && !isWhole && { access: shareAccess(access) }),
  });
  const expiresAt = Math.floor((claims["exp"] as number) * 1000);
  return { subject, clientId: clientIdOf(claims), scopes, expiresAt, principal };
}

async function writeSubject({ kind, name }: Subject, sha256: Sha256): Promise<string> {
  const isPlain = PLAIN_SUBJECT.test(name) && !OWN_FORM.test(name);
  const text = isPlain ? name : `sha256:${await hexDigest(sha256, name)}`;
  return kind === "sub" ? text : `client_id:${text}`;
}
