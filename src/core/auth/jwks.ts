import {
  createLocalJWKSet,
  errors,
  type CompactJWSHeaderParameters,
  type CryptoKey,
  type JSONWebKeySet,
} from "jose";
import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Outbound } from "../../types/outbound.ts";
import type { Time } from "../../types/runtime.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { askJson } from "./ask-json.ts";
import { ISSUER_KEEP, type IssuerAddress } from "./issuer-metadata.ts";
import { createKeptValue } from "./kept-value.ts";

/** Those of large providers bring certificates along, and have some 40 KiB. */
const MAX_BYTES = 262_144;

export interface JwksDeps {
  readonly issuer: string;
  /** Where the keys are; `null` when that cannot be told just now. */
  readonly locate: () => Promise<IssuerAddress | null>;
  readonly outbound: Outbound;
  readonly time: Time;
  readonly logger: Logger;
}

/** What a token's header says of its key. The id is compared with those in the set, and is nothing else. */
export interface KeyHint {
  readonly alg: string;
  readonly kid: string | undefined;
}

/**
 * The public key that a token says it was signed with: `unknown` when the issuer has none such, `unavailable` when nobody
 * can tell because the issuer does not answer.
 */
export type FindKey = (hint: KeyHint) => Promise<Result<CryptoKey, "unknown" | "unavailable">>;

/**
 * An issuer's keys: read when one is needed, then good for ten minutes, or for a day while the issuer does not answer. A key
 * that is not among them is looked for once more, which strangers can cause every 30 s at most.
 */
export function createJwks({ issuer, locate, outbound, time, logger }: JwksDeps): FindKey {
  const sets = createKeptValue(
    async () => {
      const address = await locate();
      if (address === null) return null;
      const answer = await askJson(outbound, { ...address, maxBytes: MAX_BYTES });
      const set = answer.ok ? toKeySet(answer.value) : refuse(answer.reason);
      if (set.ok) return set.value;
      logger.warn("The keys of an issuer of access tokens could not be read", {
        issuer,
        reason: set.reason,
      });
      return null;
    },
    ISSUER_KEEP,
    time,
  );

  async function pick(set: KeySet | null, { alg, kid }: KeyHint): Promise<CryptoKey | null> {
    if (set === null) return null;
    const header: CompactJWSHeaderParameters = { alg, ...(kid !== undefined && { kid }) };
    try {
      return await set(header);
    } catch (error) {
      // None, or several between which nothing decides.
      if (!(error instanceof errors.JWKSNoMatchingKey || isSeveral(error))) {
        logger.warn("A key of an issuer of access tokens cannot be used", {
          issuer,
          error: messageOf(error),
        });
      }
      return null;
    }
  }

  return async (hint) => {
    const known = await sets.get();
    const key = (await pick(known, hint)) ?? (await pickOther(known));
    if (key !== null) return ok(key);
    return refuse(sets.isAnswered() ? "unknown" : "unavailable");

    async function pickOther(before: KeySet | null): Promise<CryptoKey | null> {
      const other = await sets.again();
      return other === before ? null : pick(other, hint);
    }
  };
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

function toKeySet(value: Record<string, unknown>): Result<KeySet, string> {
  try {
    return ok(createLocalJWKSet(value as unknown as JSONWebKeySet));
  } catch {
    return refuse("an answer that is no set of keys");
  }
}

function isSeveral(error: unknown): boolean {
  return error instanceof errors.JWKSMultipleMatchingKeys;
}
