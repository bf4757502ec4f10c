import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { AppError } from "../../errors.ts";
import type { AuditEntry, AuditHead, AuditRecord } from "../../types/audit.ts";
import type { HmacSha256 } from "../../types/runtime.ts";
import { lengthPrefixed, toBase64Url, utf8 } from "../../util/bytes.ts";
import { canonicalJson } from "../../util/canonical-json.ts";

const KEY_BYTES = 32;

/** Hashes the two blocks that depend on the key alone once, and holds these and not the key. */
const portableHmac: HmacSha256 = (key) => {
  const keyed = hmac.create(sha256, key);
  return (bytes) => keyed.clone().update(bytes).digest();
};

/** Makes and checks the MACs of a chain. */
export interface ChainKey {
  /** What the first record of a chain has as its `previous`. */
  start(chain: string): string;
  /** Puts an entry behind a record of its chain; behind nothing when `seq` is 0. */
  link(entry: AuditEntry, after: AuditHead, time: number): AuditRecord;
  /** Whether its MAC is right for all that it says. Takes whatever stands in a store. */
  isAuthentic(record: AuditRecord): boolean;
}

/** @throws AppError `CONFIG_INVALID` for a key of another length than 32 bytes */
export function createChainKey(key: Uint8Array, macWith: HmacSha256 = portableHmac): ChainKey {
  if (key.length !== KEY_BYTES) {
    throw new AppError("CONFIG_INVALID", `The audit key must have ${KEY_BYTES} bytes.`);
  }
  const hashOf = macWith(key);
  const macOf = (bytes: Uint8Array) => toBase64Url(hashOf(bytes));
  const macOfRecord = (record: object) => macOf(utf8(canonicalJson(record)));
  return {
    start: (chain) => macOf(lengthPrefixed(["mcp-plugin-server.audit", "v1", chain])),
    link(entry, after, time) {
      const unsigned = {
        ...entry,
        chain: after.chain,
        seq: after.seq + 1,
        time,
        previous: after.mac,
      };
      return { ...unsigned, mac: macOfRecord(unsigned) };
    },
    isAuthentic({ mac, ...unsigned }) {
      try {
        return macOfRecord(unsigned) === mac;
      } catch {
        // Nested deeper than anything that was ever written.
        return false;
      }
    },
  };
}
