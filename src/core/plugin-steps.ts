import { AppError, messageOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import { withDeadline } from "../util/deadline.ts";

/** How long each step of a plugin's life may take, in milliseconds. */
export const STEP_LIMITS = {
  load: 30_000,
  /** Of the vault, to say which credentials are there. */
  credentials: 10_000,
  initialize: 30_000,
  start: 30_000,
  catalog: 10_000,
  /** Of the calls in flight when it is to stop. */
  drain: 10_000,
  stop: 10_000,
  cleanup: 10_000,
} as const;

export type StepLimits = { readonly [step in keyof typeof STEP_LIMITS]: number };

const STEP_NAMES = {
  load: "Loading",
  credentials: "Looking for its credentials",
  initialize: "Initializing",
  start: "Starting",
  catalog: "Reading its lists",
  stop: "Stopping",
  cleanup: "Cleaning up",
} as const;

export type Step = keyof typeof STEP_NAMES;

/**
 * Runs one step within its time.
 *
 * @throws Error that says which step failed and how; its `cause` is what the plugin threw
 */
export async function runStep<T>(
  step: Step,
  work: () => Promise<T>,
  { limits, time }: { readonly limits: StepLimits; readonly time: Time },
): Promise<T> {
  const name = STEP_NAMES[step];
  try {
    return await withDeadline(work, limits[step], name, time);
  } catch (error) {
    const late = error instanceof AppError && error.code === "PLUGIN_TIMEOUT";
    const message = late ? error.message : `${name} failed: ${messageOf(error)}`;
    throw new Error(message, { cause: error });
  }
}

/** The same for a step on the way down, which goes on whatever the plugin does: what went wrong is logged. */
export async function runQuietly(
  step: Step,
  work: () => Promise<void>,
  deps: Parameters<typeof runStep>[2] & { readonly logger: Logger },
): Promise<void> {
  try {
    await runStep(step, work, deps);
  } catch (error) {
    deps.logger.warn(messageOf(error));
  }
}
