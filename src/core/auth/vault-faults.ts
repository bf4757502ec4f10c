import { AppError } from "../../errors.ts";
import type { CredentialId } from "../../types/vault.ts";

/** The same words whatever is wrong with it; what it is goes into the cause, for the log. */
export function unreadable({ owner, instanceId, name }: CredentialId, reason: string): AppError {
  return new AppError(
    "CREDENTIAL_UNREADABLE",
    `The credential "${name}" of "${instanceId}" (${owner}) cannot be read.`,
    { cause: new Error(reason) },
  );
}

export function unreadableLedger(instanceId: string, reason: string): AppError {
  return new AppError(
    "CREDENTIAL_UNREADABLE",
    `The credentials of "${instanceId}" cannot be read: their ledger is not what the vault wrote.`,
    { cause: new Error(reason) },
  );
}

/** Why a credential or a ledger could not be read; `null` for another error. */
export function unreadableReason(error: unknown): string | null {
  if (!(error instanceof AppError) || error.code !== "CREDENTIAL_UNREADABLE") return null;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** For a vault that is being opened. */
export function keyWrong(why: string): AppError {
  return new AppError(
    "VAULT_KEY_WRONG",
    `The vault cannot be opened: ${why}. Nothing was changed.`,
  );
}

/** For a vault that was open, or has been changed on the way. */
export function keyLost(why: string): AppError {
  return new AppError("VAULT_KEY_WRONG", `The vault cannot go on: ${why}.`);
}

/** In the middle of it some data keys are wrapped with the one key, and some with the other. */
export function rotationStopped(why: string): AppError {
  return new AppError(
    "VAULT_KEY_WRONG",
    `The rotation of the master key stopped: ${why}. Put that key back and rotate again.`,
  );
}

export function tooBusy(what: string): AppError {
  return new AppError("VAULT_UNAVAILABLE", `${what} is changed by others all the time; try again.`);
}

/** Whatever a store or a driver has thrown, as an error of the vault's. */
export function toVaultError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("VAULT_UNAVAILABLE", "The vault's store failed.", { cause: error });
}

/** Whatever a store or a driver throws, the vault's callers see its own errors. */
export async function atDoor<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toVaultError(error);
  }
}
