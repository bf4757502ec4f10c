import { AppError } from "../../errors.ts";
import type { CredentialId, Owner } from "../../types/vault.ts";
import { assertCredentialName, MAX_CREDENTIAL_BYTES } from "../../util/credential-names.ts";
import { INSTANCE_ID } from "../instance-settings.ts";

/** Printable ASCII: nothing that two people could read as the same and a machine as different. */
const OWNER = /^(?:shared|client:[\x21-\x7e]{1,128}|user:[A-Za-z0-9_-]{1,64}:[\x21-\x7e]{1,255})$/;
const RESERVED_NAME = /^\$[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** Whose names a caller may speak of: a plugin's, or the server's own with `$`. */
export type NameSpace = "plugin" | "reserved";

/** @throws AppError `CREDENTIAL_INVALID` for anything but an owner as it is written */
export function assertOwner(owner: unknown): asserts owner is Owner {
  if (isOwner(owner)) return;
  throw new AppError(
    "CREDENTIAL_INVALID",
    "An owner is 'shared', 'client:<id>' or 'user:<issuer>:<subject>' in printable ASCII.",
  );
}

export function isOwner(owner: unknown): owner is Owner {
  return typeof owner === "string" && OWNER.test(owner);
}

/** @throws AppError `CREDENTIAL_INVALID` */
export function assertInstanceId(instanceId: unknown): asserts instanceId is string {
  if (typeof instanceId === "string" && INSTANCE_ID.test(instanceId)) return;
  throw new AppError("CREDENTIAL_INVALID", "There is no such plugin instance.");
}

/**
 * The caller may be JavaScript: what is no text is refused, and never turned into one.
 *
 * @throws AppError `CREDENTIAL_INVALID`
 */
export function toCredentialId(
  owner: Owner,
  instanceId: unknown,
  name: unknown,
  names: NameSpace,
): CredentialId {
  assertInstanceId(instanceId);
  if (names === "plugin") {
    assertCredentialName(name);
    return { owner, instanceId, name };
  }
  if (!isReservedName(name)) {
    throw new AppError("CREDENTIAL_INVALID", "The server's own names begin with '$'.");
  }
  return { owner, instanceId, name };
}

export function isReservedName(name: unknown): name is string {
  return typeof name === "string" && RESERVED_NAME.test(name);
}

/** @throws AppError `CREDENTIAL_INVALID`, which says nothing of the secret but its length */
export function assertSecret(secret: unknown): asserts secret is Uint8Array {
  if (!(secret instanceof Uint8Array)) {
    throw new AppError("CREDENTIAL_INVALID", "A credential must be bytes.");
  }
  if (secret.length >= 1 && secret.length <= MAX_CREDENTIAL_BYTES) return;
  throw new AppError(
    "CREDENTIAL_INVALID",
    `A credential must have 1 to ${MAX_CREDENTIAL_BYTES} bytes.`,
  );
}
