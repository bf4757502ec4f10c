import { createHash } from "node:crypto";
import { AppError, type CredentialId } from "../../../src/index.ts";

const INSTANCE = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_NAME_CHARS = 80;
/** `user:` and an issuer's hash and a subject. */
const MAX_OWNER_CHARS = 512;
/** What sealed records consist of. */
const SEALED = /^[\x21-\x7e]+$/;

/**
 * A name for a credential that any store takes: SHA-256 in hex of owner, name and what else is given. Nothing that an owner or
 * a credential may be called can clash in it with another, whatever a store does with case, length or special characters.
 */
export function hashOf({ owner, name }: CredentialId, ...more: readonly string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([owner, name, ...more]))
    .digest("hex");
}

/**
 * Refuses what cannot be a credential's id, so that none of it becomes part of a path or of a cloud's name. The vault has
 * checked it before.
 *
 * @throws AppError `CREDENTIAL_INVALID`
 */
export function assertId({ owner, instanceId, name }: CredentialId): void {
  const isValid =
    INSTANCE.test(instanceId) &&
    isText(owner, MAX_OWNER_CHARS) &&
    isText(name, MAX_NAME_CHARS) &&
    /^(?:shared|(?:client|user):.+)$/su.test(owner);
  if (!isValid) throw new AppError("CREDENTIAL_INVALID", "This cannot name a credential.");
}

/** @throws AppError `CREDENTIAL_INVALID` for a text that no vault has sealed */
export function assertSealed(sealed: string, maxChars: number): void {
  if (SEALED.test(sealed) && sealed.length <= maxChars) return;
  throw new AppError(
    "CREDENTIAL_INVALID",
    `A sealed credential is one line of at most ${maxChars} ASCII characters.`,
  );
}

/** Lone surrogates are all the same in UTF-8: two owners could be one. */
function isText(text: string, maxChars: number): boolean {
  return text !== "" && text.length <= maxChars && text.isWellFormed();
}
