import type { KeyRecord } from "../../types/keys.ts";
import type { Principal } from "../../types/principal.ts";
import type { Sha256 } from "../../types/runtime.ts";
import { equalInConstantTime, toHex, utf8 } from "../../util/bytes.ts";

/** Longer than any key of ours; more is not worth hashing. */
const MAX_TOKEN_LENGTH = 4_096;
const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

export interface Authenticator {
  /** Who an `Authorization` header speaks for, or `null`. */
  authenticate(authorization: string | null): Promise<Principal | null>;
}

/**
 * Knows callers by bearer keys. Only hashes are held; a key is found by the beginning of its hash and then compared
 * whole, in constant time.
 */
export function createAuthenticator(keys: readonly KeyRecord[], sha256: Sha256): Authenticator {
  const byPrefix = new Map<string, { digest: Uint8Array; principal: Principal }>();
  for (const { hash, kind, id, scopes } of keys) {
    byPrefix.set(hash.slice(0, PREFIX_CHARS), {
      digest: fromHex(hash),
      principal: Object.freeze({ kind, id, scopes }),
    });
  }
  return {
    async authenticate(authorization) {
      const token = authorization === null ? null : (BEARER.exec(authorization)?.[1] ?? null);
      if (token === null || token.length > MAX_TOKEN_LENGTH) return null;
      const digest = await sha256(utf8(token));
      const known = byPrefix.get(toHex(digest.subarray(0, PREFIX_CHARS / 2)));
      return known && equalInConstantTime(known.digest, digest) ? known.principal : null;
    },
  };
}

/** 64 bits: enough to tell keys apart. */
const PREFIX_CHARS = 16;

/** The record of a secret; the secret itself is not kept. */
export async function toKeyRecord(
  secret: string,
  fields: Omit<KeyRecord, "hash">,
  sha256: Sha256,
): Promise<KeyRecord> {
  return { ...fields, hash: toHex(await sha256(utf8(secret))) };
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
