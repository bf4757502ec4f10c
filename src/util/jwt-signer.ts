import { SignJWT } from "jose";
import { AppError } from "../errors.ts";
import type { JwtAlgorithm } from "../types/auth.ts";
import type { CheckedJwt } from "./jwt-request.ts";
import { readPemKey } from "./pem-key.ts";

/** RFC 7518, 3.2: a key as long as the hash, at least. */
const MIN_SECRET_BYTES = 32;

const KEYS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
} as const satisfies Record<Exclude<JwtAlgorithm, "HS256">, object>;

const NEEDS = {
  RS256: "an RSA key of at least 2048 bits",
  ES256: "an EC key on the curve P-256",
  EdDSA: "an Ed25519 key",
  HS256: `a secret of at least ${MIN_SECRET_BYTES} bytes that is no PEM`,
} as const satisfies Record<JwtAlgorithm, string>;

/**
 * Signs a token. The key's bytes never become a text, and whoever gave them zeroes them; what is made of them here is zeroed
 * at once.
 *
 * @throws AppError `CREDENTIAL_INVALID` when the key is not one for the algorithm
 */
export async function signJwt(
  { algorithm, claims, kid }: CheckedJwt,
  secret: Uint8Array,
): Promise<string> {
  const key = await importKey(algorithm, secret);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: "JWT", ...(kid !== null && { kid }) })
    .sign(key);
}

async function importKey(algorithm: JwtAlgorithm, secret: Uint8Array): Promise<CryptoKey> {
  const { subtle } = crypto;
  const pem = readPemKey(secret);
  if (algorithm === "HS256") {
    if (pem.kind !== "no-pem" || secret.length < MIN_SECRET_BYTES) throw unfit(algorithm);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    return subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, hmac, false, ["sign"]);
  }
  if (pem.kind === "no-pem") throw unfit(algorithm);
  if (pem.kind === "unusable") throw invalid(pem.reason);
  try {
    const key = await subtle.importKey("pkcs8", pem.der, KEYS[algorithm], false, ["sign"]);
    const { modulusLength = 2048 } = key.algorithm as { modulusLength?: number };
    if (modulusLength < 2048) throw unfit(algorithm);
    return key;
  } catch {
    // What a library says of a key it could not read may quote it.
    throw unfit(algorithm);
  } finally {
    pem.der.fill(0);
  }
}

function unfit(algorithm: JwtAlgorithm): AppError {
  return invalid(`${algorithm} needs ${NEEDS[algorithm]}, and the credential is none.`);
}

function invalid(reason: string): AppError {
  return new AppError("CREDENTIAL_INVALID", `No token was signed. ${reason}`);
}
