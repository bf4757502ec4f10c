import { AppError } from "../errors.ts";
import { utf8 } from "./bytes.ts";

/** What a credential may be called. A `$` in front would make it the server's own. */
export const CREDENTIAL_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The same for people. */
export const CREDENTIAL_NAME_RULE = "a letter and up to 63 letters, digits, '_', '.' and '-'";
export const CREDENTIAL_NAME_FAULT = `The name of a credential is ${CREDENTIAL_NAME_RULE}.`;

/** Bytes of one credential. */
export const MAX_CREDENTIAL_BYTES = 64 * 1024;

/**
 * Plugins are JavaScript as often as not: what is no text is refused, and never turned into one.
 *
 * @throws AppError `CREDENTIAL_INVALID`
 */
export function assertCredentialName(name: unknown): asserts name is string {
  if (typeof name === "string" && CREDENTIAL_NAME.test(name)) return;
  throw new AppError("CREDENTIAL_INVALID", CREDENTIAL_NAME_FAULT);
}

/** @throws AppError `CREDENTIAL_INVALID`, which never quotes the value */
export function assertCredentialValue(value: unknown): asserts value is string {
  if (typeof value !== "string") {
    throw new AppError("CREDENTIAL_INVALID", "A credential must be a text.");
  }
  const fault = credentialValueFault(value);
  if (fault !== null) throw new AppError("CREDENTIAL_INVALID", `A credential ${fault}.`);
}

/** Why a text can be no credential; `null` when it can. */
export function credentialValueFault(value: string): string | null {
  if (value === "") return "must not be empty";
  // Half a surrogate pair would come out of UTF-8 as something else.
  if (!value.isWellFormed()) return "must be well-formed text";
  return value.length > MAX_CREDENTIAL_BYTES || utf8(value).length > MAX_CREDENTIAL_BYTES
    ? `must have ${MAX_CREDENTIAL_BYTES} bytes at most`
    : null;
}
