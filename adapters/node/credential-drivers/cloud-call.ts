import { AppError, messageOf } from "../../../src/index.ts";

/** How long a cloud may take, in milliseconds. */
export interface CloudLimits {
  /** One request, of which the cloud's own library may make several. */
  readonly attemptMs: number;
  /** All that reading a credential takes. */
  readonly readMs: number;
  /** All that storing or removing one takes; a deleted name may have to be waited for. */
  readonly changeMs: number;
}

export const CLOUD_LIMITS: CloudLimits = { attemptMs: 4_000, readMs: 15_000, changeMs: 45_000 };

/**
 * Runs something that has a time limit as a whole, whatever the retries inside it do.
 *
 * @throws AppError `VAULT_UNAVAILABLE` when the time is up; the signal has been aborted then
 */
export async function withinMs<T>(
  ms: number,
  service: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new AppError("VAULT_UNAVAILABLE", `${service} took longer than ${ms} ms.`));
    controller.abort();
  }, ms);
  try {
    return await Promise.race([work(controller.signal), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param advice what the operator might do, as a sentence */
export function cloudFault(service: string, error: unknown, advice?: string): AppError {
  const name = error instanceof Error ? ` (${error.name})` : "";
  const parts = [`${service} failed${name}: ${messageOf(error)}`, advice];
  return new AppError("VAULT_UNAVAILABLE", parts.filter(Boolean).join(" "), { cause: error });
}

/**
 * Brings in a package that not everybody has.
 *
 * @throws AppError `CONFIG_INVALID` that says what to install
 */
export async function loadPackage<T>(
  setting: string,
  packages: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw error;
    throw new AppError(
      "CONFIG_INVALID",
      `${setting} needs what is not installed: npm install ${packages}`,
      { cause: error },
    );
  }
}
