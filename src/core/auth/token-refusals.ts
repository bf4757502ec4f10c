import { AppError } from "../../errors.ts";

/** What those are told who want an account's token and get none. */

export function notConnected(instanceId: string, reason: string | null): AppError {
  return new AppError(
    "NOT_CONNECTED",
    `"${instanceId}" needs its account connected: ${reason ?? "nobody has connected it"}.`,
  );
}

/** For a token that is as good as before. */
export function notRenewable(instanceId: string): AppError {
  return new AppError(
    "CONFLICT",
    `The provider gave "${instanceId}" nothing to renew its token with: the token stays as it is. Connect the account again for another one.`,
  );
}

export function unavailable(instanceId: string, reason: string, waitMs: number): AppError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new AppError(
    "OAUTH_UNAVAILABLE",
    `The provider of "${instanceId}" gave no token: ${reason} Try again in ${seconds} s.`,
  );
}

export function changedByOthers(instanceId: string): AppError {
  return new AppError(
    "VAULT_UNAVAILABLE",
    `The connection of "${instanceId}" is changed by others; try again.`,
  );
}
