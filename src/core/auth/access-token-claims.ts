/** Whoever makes no mistake about the time makes none that is larger. */
const SKEW_SECONDS = 60;
/** What lives longer is no access token: something is wrong with its maker. */
const MAX_LIFE_SECONDS = 366 * 86_400;
/** Kinds that Keycloak and Cognito, and Hydra when it is asked, write into what looks like an access token otherwise. */
const ACCESS_TYPES: ReadonlySet<unknown> = new Set([undefined, "Bearer"]);
const ACCESS_USES: ReadonlySet<unknown> = new Set([undefined, "access", "access_token"]);
/** Nothing but an ID token has these. */
const ID_TOKEN_HASHES = ["at_hash", "c_hash", "s_hash"];

/** The claims of a token, as far as they are known to be the issuer's. */
export type Claims = Readonly<Record<string, unknown>>;

/** Words for the log. */
export type ClaimFault =
  | "issuer"
  | "audience"
  | "expiry"
  | "expired"
  | "not yet valid"
  | "not an access token"
  | "bound to a key"
  | "subject";

export interface ClaimRules {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether something that cannot be mistaken says that it is an access token (`typ: at+jwt`). */
  readonly isAccessToken: boolean;
}

/** What is wrong with a token's claims; `null` when it is good here and now. */
export function claimFault(claims: Claims, rules: ClaimRules): ClaimFault | null {
  if (claims["iss"] !== rules.issuer) return "issuer";
  if (!isFor(claims["aud"], rules.audience)) return "audience";
  if (!isOfAccess(claims, rules.isAccessToken)) return "not an access token";
  // Only who has the key may use it, and under the scheme `Bearer` nobody proves that.
  if (claims["cnf"] !== undefined) return "bound to a key";
  if (subjectOf(claims) === null) return "subject";
  return timeFault(claims, rules.now / 1000);
}

/** Whom a token is about: a person, or the client itself where no person is. */
export function subjectOf({ sub, client_id: clientId }: Claims): Subject | null {
  if (sub !== undefined) return isName(sub) ? { kind: "sub", name: sub } : null;
  return isName(clientId) ? { kind: "client_id", name: clientId } : null;
}

export interface Subject {
  readonly kind: "sub" | "client_id";
  readonly name: string;
}

/** `scope`, and `scp` as Microsoft and Okta call it; either may be a list. */
export function scopeNamesOf({ scope, scp }: Claims): readonly string[] {
  return [scope, scp].flatMap((value) => {
    if (typeof value === "string") return value.split(" ").filter((name) => name !== "");
    return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  });
}

/** Whoever got the token, if it says so. */
export function clientIdOf({ client_id: clientId, azp }: Claims): string | null {
  return [clientId, azp].find(isName) ?? null;
}

function isFor(aud: unknown, wanted: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    named.every((name) => typeof name === "string") && named.some((name) => wanted.includes(name))
  );
}

/** Clients are given ID tokens as well, and some put their own name and ours into one audience. */
function isOfAccess(claims: Claims, isAccessToken: boolean): boolean {
  if (ID_TOKEN_HASHES.some((name) => Object.hasOwn(claims, name))) return false;
  const { typ, nonce, token_use: use } = claims;
  if (!ACCESS_TYPES.has(typ) || !ACCESS_USES.has(use)) return false;
  // Older Keycloaks copy the nonce into access tokens, of which they say that they are such.
  return nonce === undefined || isAccessToken || typ === "Bearer";
}

function timeFault({ exp, nbf, iat }: Claims, now: number): ClaimFault | null {
  if (!isMoment(exp) || exp > now + MAX_LIFE_SECONDS) return "expiry";
  if (exp <= now) return "expired";
  const begins = [nbf, iat].filter((moment) => moment !== undefined);
  const isPast = (moment: unknown) => isMoment(moment) && moment <= now + SKEW_SECONDS;
  return begins.every(isPast) ? null : "not yet valid";
}

function isMoment(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Half surrogates are no text: two of them could be told apart here, and not where they are hashed. */
function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}
