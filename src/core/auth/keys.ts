import type { KeyRecord } from "../../types/keys.ts";
import type { Sha256 } from "../../types/runtime.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { hexDigest } from "../../util/hex-digest.ts";

/** What the keys of an administrator and of an MCP client are and may do. */
export const KEY_ROLES = {
  admin: { kind: "user", scopes: ["admin"], prefix: "mcpa_" },
  client: { kind: "client", scopes: ["mcp"], prefix: "mcpk_" },
} as const;

export type KeyRole = keyof typeof KEY_ROLES;

/** The record of a secret; the secret itself is not kept. */
export async function toKeyRecord(
  secret: string,
  fields: Omit<KeyRecord, "hash">,
  sha256: Sha256,
): Promise<KeyRecord> {
  return { ...fields, hash: await hexDigest(sha256, secret) };
}

/** The record of a secret that the operator gave in the environment. It is stored nowhere. */
export function environmentKey(
  role: KeyRole,
  secret: string,
  createdAt: number,
  sha256: Sha256,
): Promise<KeyRecord> {
  const { kind, scopes } = KEY_ROLES[role];
  const id = `environment-${kind}`;
  return toKeyRecord(secret, { id, name: id, kind, scopes, createdAt }, sha256);
}

/** Whether they let the same one in, to do the same. */
export function isSameKey(a: KeyRecord, b: KeyRecord): boolean {
  return essenceOf(a) === essenceOf(b);
}

/** Made anew, since the store has members in another order, and `null` where others have none. */
function essenceOf({ hash, scopes, expiresAt, owner, access, callsPerMinute }: KeyRecord): string {
  const members = [expiresAt, owner, access, callsPerMinute].map((member) => member ?? null);
  return canonicalJson([hash, scopes, ...members]);
}
