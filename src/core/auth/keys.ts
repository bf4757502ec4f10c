import type { KeyRecord } from "../../types/keys.ts";
import type { Sha256 } from "../../types/runtime.ts";
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
