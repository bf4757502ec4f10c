import type { CredentialListing } from "../../types/vault.ts";
import { CREDENTIAL_NAME, MAX_CREDENTIAL_BYTES } from "../../util/credential-names.ts";
import { INSTANCE_ID } from "../instance-settings.ts";
import { allocateSecret } from "../../util/secret-bytes.ts";
import { utf8 } from "../../util/bytes.ts";
import { isOwner, isReservedName } from "./credential-ids.ts";

/** Owner, instance, name, the two dates and the secret. */
const PARTS = 6;
const MAX_TEXT_BYTES = 512;

/** A credential with its secret, for whoever has it to zero. */
export interface BackedUp extends CredentialListing {
  readonly secret: Uint8Array;
}

/** All credentials in one buffer, each part with its length in front, for the caller to zero. */
export function writeBackupContent(credentials: readonly BackedUp[]): Uint8Array<ArrayBuffer> {
  const parts = credentials.flatMap(({ owner, instanceId, name, createdAt, updatedAt, secret }) => [
    utf8(owner),
    utf8(instanceId),
    utf8(name),
    utf8(`${createdAt}`),
    utf8(`${updatedAt}`),
    secret,
  ]);
  const bytes = allocateSecret(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    bytes.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return bytes;
}

/**
 * Reads what `writeBackupContent` has written; `null` for anything else, and for what no vault holds. The secrets lie in the
 * bytes that were given: they are gone when those are zeroed.
 */
export function readBackupContent(bytes: Uint8Array): readonly BackedUp[] | null {
  const parts = splitParts(bytes);
  if (parts === null || parts.length % PARTS !== 0) return null;
  const credentials: BackedUp[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < parts.length; at += PARTS) {
    const credential = toCredential(parts.slice(at, at + PARTS));
    if (credential === null) return null;
    const { owner, instanceId, name } = credential;
    seen.add(`${owner} ${instanceId} ${name}`);
    credentials.push(credential);
  }
  return seen.size === credentials.length ? credentials : null;
}

function splitParts(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    if (offset + 4 > bytes.length) return null;
    const end = offset + 4 + view.getUint32(offset);
    if (end > bytes.length) return null;
    parts.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  return parts;
}

function toCredential(parts: readonly Uint8Array[]): BackedUp | null {
  const secret = parts[PARTS - 1]!;
  const texts = parts.slice(0, -1);
  if (secret.length === 0 || secret.length > MAX_CREDENTIAL_BYTES) return null;
  if (texts.some(({ length }) => length > MAX_TEXT_BYTES)) return null;
  const [owner, instanceId, name, created, updated] = texts.map((text) =>
    new TextDecoder().decode(text),
  ) as [string, string, string, string, string];
  if (!isOwner(owner) || !INSTANCE_ID.test(instanceId)) return null;
  if (!CREDENTIAL_NAME.test(name) && !isReservedName(name)) return null;
  const [createdAt, updatedAt] = [toTime(created), toTime(updated)];
  if (createdAt === null || updatedAt === null) return null;
  return { owner, instanceId, name, createdAt, updatedAt, secret };
}

function toTime(text: string): number | null {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}
