import { AppError } from "../../errors.ts";
import type { KeyRecord } from "../../types/keys.ts";
import type { Principal } from "../../types/principal.ts";
import type { Sha256 } from "../../types/runtime.ts";
import { equalInConstantTime, fromHex, toHex, utf8 } from "../../util/bytes.ts";
import { expandScopes } from "./roles.ts";

/** Longer than any key of ours; more is not worth hashing. */
const MAX_TOKEN_LENGTH = 4_096;
/** 64 bits of a hash: enough to tell keys apart. */
const PREFIX_CHARS = 16;
const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

export interface Authenticator {
  /** Who an `Authorization` header speaks for, or `null`. */
  authenticate(authorization: string | null): Promise<Principal | null>;
  /** What stands for a key in a session: it is another one when the key is replaced. `null` for one that is not known. */
  referenceOf(principal: Principal): string | null;
  /** Who such a key speaks for, as long as it is good. */
  principal(reference: string): Principal | null;
}

/** A known key. */
interface Known {
  readonly digest: Uint8Array;
  readonly principal: Principal;
  readonly expiresAt: number;
}

/**
 * Knows callers by bearer keys. Only hashes are held; a key is found by the beginning of its hash and then compared
 * whole, in constant time.
 *
 * @throws AppError `CONFIG_INVALID` when one secret is the key of a client and of an administrator
 */
export function createAuthenticator(
  keys: readonly KeyRecord[],
  sha256: Sha256,
  now: () => number,
): Authenticator {
  const byPrefix = new Map<string, Known>();
  for (const key of keys) {
    const prefix = key.hash.slice(0, PREFIX_CHARS);
    const known = byPrefix.get(prefix)?.principal;
    if (known !== undefined && known.kind !== key.kind) {
      throw new AppError(
        "CONFIG_INVALID",
        "An admin token and a client key are the same secret. They must differ: clients are no administrators.",
      );
    }
    // A stored key that stands in the environment as well is the stored one.
    if (known !== undefined) continue;
    const expiresAt = key.expiresAt ?? Number.POSITIVE_INFINITY;
    byPrefix.set(prefix, { digest: fromHex(key.hash), principal: toPrincipal(key), expiresAt });
  }
  const references = new Map(
    [...byPrefix].map(([prefix, known]) => [`${known.principal.id} ${prefix}`, known]),
  );
  const referenceOf = new Map(
    [...references].map(([reference, { principal }]) => [principal, reference]),
  );
  const whileGood = (known: Known | undefined) =>
    known !== undefined && now() < known.expiresAt ? known.principal : null;
  return {
    referenceOf: (principal) => referenceOf.get(principal) ?? null,
    principal: (reference) => whileGood(references.get(reference)),
    async authenticate(authorization) {
      const token = authorization === null ? null : bearerToken(authorization);
      if (token === null || token.length > MAX_TOKEN_LENGTH) return null;
      const digest = await sha256(utf8(token));
      const known = byPrefix.get(toHex(digest.subarray(0, PREFIX_CHARS / 2)));
      return known && equalInConstantTime(known.digest, digest) ? whileGood(known) : null;
    },
  };
}

function toPrincipal({ kind, id, scopes, owner, access, callsPerMinute }: KeyRecord): Principal {
  return Object.freeze({
    kind,
    id,
    scopes: Object.freeze(expandScopes(scopes)),
    ...(owner && { owner }),
    ...(access && { access: Object.freeze({ ...access }) }),
    ...(callsPerMinute && { callsPerMinute }),
  });
}

/** The token of an `Authorization` header; `null` when it carries something else. */
export function bearerToken(authorization: string): string | null {
  return BEARER.exec(authorization)?.[1] ?? null;
}
