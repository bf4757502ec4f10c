import { createHash } from "node:crypto";
import type { CredentialId } from "../../../src/index.ts";

/**
 * What a credential's file holds: who it belongs to (an operator can read that), the sealed text, and a checksum over
 * both, by which half a file shows. The checksum protects against accidents; against people the vault's seal does.
 */
export function encodeRecord({ owner, instanceId, name }: CredentialId, sealed: string): Buffer {
  const body = `${JSON.stringify({ instance: instanceId, owner, name })}\n${sealed}\n`;
  const checksum = createHash("sha256").update(body).digest("hex");
  return Buffer.from(`${body}${checksum}\n`);
}

/** The sealed text; `null` unless the bytes are exactly what `encodeRecord` makes of it for this credential. */
export function decodeRecord(id: CredentialId, bytes: Buffer): string | null {
  const sealed = bytes.toString("utf8").split("\n")[1];
  if (sealed === undefined || sealed === "") return null;
  return encodeRecord(id, sealed).equals(bytes) ? sealed : null;
}
