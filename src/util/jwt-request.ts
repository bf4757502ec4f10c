import { AppError } from "../errors.ts";
import type { JwtAlgorithm, JwtRequest } from "../types/auth.ts";
import { CREDENTIAL_NAME } from "./credential-names.ts";
import { isJsonObject } from "./json-object.ts";
import { toJsonText } from "./json-text.ts";

const ALGORITHMS: ReadonlySet<unknown> = new Set<JwtAlgorithm>([
  "RS256",
  "ES256",
  "EdDSA",
  "HS256",
]);
const MEMBERS: ReadonlySet<string> = new Set<keyof JwtRequest>([
  "claims",
  "algorithm",
  "expiresInSeconds",
  "header",
  "key",
]);
const DEFAULT_LIFE_S = 300;
/** A token is signed anew in no time, so none needs to be good for long. */
const MAX_LIFE_S = 3_600;
/** How far a plugin's clock may be ahead of the server's. */
const LEEWAY_S = 60;
const MAX_REQUEST_CHARS = 16 * 1024;
const MAX_KID_CHARS = 256;
const DEFAULT_KEY = "private_key";

/** A token with everything decided but its signature. */
export interface CheckedJwt {
  readonly algorithm: JwtAlgorithm;
  readonly claims: Record<string, unknown>;
  readonly kid: string | null;
  /** The credential that holds the key. */
  readonly key: string;
}

/**
 * Checks what a plugin wants signed, in a copy, and adds `iat`, `exp` and `jti`.
 *
 * @param now epoch milliseconds
 * @throws AppError `CREDENTIAL_INVALID` that says what is wrong
 */
export function checkJwtRequest(request: unknown, now: number, jti: string): CheckedJwt {
  const text = toJsonText(request, MAX_REQUEST_CHARS);
  if (!text.ok) throw invalid(`The request ${text.reason}.`);
  const copy: unknown = JSON.parse(text.value);
  if (!isJsonObject(copy)) throw invalid("The request must be an object.");
  const unknown = Object.keys(copy).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) throw invalid(`The request has no member ${JSON.stringify(unknown)}.`);
  const { claims, algorithm, expiresInSeconds, header = {}, key = DEFAULT_KEY } = copy;
  if (!ALGORITHMS.has(algorithm)) {
    throw invalid(`The algorithm must be one of ${[...ALGORITHMS].join(", ")}.`);
  }
  if (typeof key !== "string" || !CREDENTIAL_NAME.test(key)) {
    throw invalid("The key must be the name of a credential.");
  }
  if (!isJsonObject(claims)) throw invalid("The claims must be an object.");
  return {
    algorithm: algorithm as JwtAlgorithm,
    claims: completeClaims(claims, expiresInSeconds, Math.floor(now / 1_000), jti),
    kid: kidOf(header),
    key,
  };
}

function completeClaims(
  claims: Record<string, unknown>,
  expiresInSeconds: unknown,
  now: number,
  jti: string,
): Record<string, unknown> {
  for (const name of ["iss", "sub", "jti"]) {
    const value = claims[name];
    if (value !== undefined && typeof value !== "string")
      throw invalid(`"${name}" must be a text.`);
  }
  for (const name of ["iat", "nbf", "exp"]) {
    const value = claims[name];
    if (value !== undefined && !Number.isSafeInteger(value)) {
      throw invalid(`"${name}" must be a time in whole seconds.`);
    }
  }
  const { aud } = claims;
  if (aud !== undefined && !isTextOrTexts(aud)) throw invalid('"aud" must be a text or several.');
  const iat = (claims["iat"] ?? now) as number;
  if (iat > now + LEEWAY_S || iat < now - MAX_LIFE_S) {
    throw invalid('"iat" must be about the present time.');
  }
  const exp = expiryOf(claims["exp"], expiresInSeconds, iat);
  if (exp <= now || exp - iat > MAX_LIFE_S) {
    throw invalid(`The token must expire in the future, and live ${MAX_LIFE_S} seconds at most.`);
  }
  return { ...claims, iat, exp, jti: claims["jti"] ?? jti };
}

function expiryOf(exp: unknown, expiresInSeconds: unknown, iat: number): number {
  if (exp !== undefined) {
    if (expiresInSeconds === undefined) return exp as number;
    throw invalid('Give either "exp" or expiresInSeconds.');
  }
  const life = expiresInSeconds ?? DEFAULT_LIFE_S;
  if (!Number.isSafeInteger(life) || (life as number) < 1) {
    throw invalid("expiresInSeconds must be a whole number above 0.");
  }
  return iat + (life as number);
}

/** What else stands in a header tells the receiver how to check a signature: that is not a plugin's to say. */
function kidOf(header: unknown): string | null {
  if (!isJsonObject(header) || Object.keys(header).some((name) => name !== "kid")) {
    throw invalid('The header may have a "kid" alone.');
  }
  const { kid = null } = header;
  if (kid !== null && (typeof kid !== "string" || kid.length > MAX_KID_CHARS)) {
    throw invalid(`"kid" must be a text of ${MAX_KID_CHARS} characters at most.`);
  }
  return kid;
}

function isTextOrTexts(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((item) => typeof item === "string")
    : typeof value === "string";
}

function invalid(reason: string): AppError {
  return new AppError("CREDENTIAL_INVALID", `No token was signed. ${reason}`);
}
