import { AppError } from "../../../src/index.ts";
import type { CredentialName } from "./vault-access.ts";

/** What both ways to the vault refuse, in the same words. The admin API tells a code alone: it repeats nothing. */

/** The error for a plugin that is not configured, with those that are. */
export function unknownInstance(id: string, known: readonly string[]): AppError {
  const list = known.length === 0 ? "There is none." : `There are: ${known.join(", ")}.`;
  return new AppError("NOT_FOUND", `No plugin is configured as "${id}". ${list}`);
}

/** The error for a plugin without a data key. */
export function nothingOf(id: string): AppError {
  return new AppError("NOT_FOUND", `The vault has nothing of a plugin "${id}".`);
}

export function noCredential({ plugin, name, owner }: CredentialName): AppError {
  return new AppError(
    "CREDENTIAL_NOT_FOUND",
    `"${plugin}" has no credential "${name}" of ${owner}. "credentials list" shows all.`,
  );
}
