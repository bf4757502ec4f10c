import { AppError } from "../errors.ts";

/**
 * The life of a plugin instance: from each state, the states that may follow.
 *
 * `blocked` waits for a dependency, `needs-credentials` for somebody to store what the plugin cannot do without, `failed` has an error and may come back (by back-off). Every start goes through `loading`, so a restart never meets a half-used plugin object; every plugin object
 * ends in `cleaning`, so whatever runs it lets go of it; and what was `starting` is stopped before.
 */
const MOVES = {
  stopped: ["loading"],
  loading: ["loaded", "failed"],
  loaded: ["initializing", "blocked", "needs-credentials", "cleaning"],
  blocked: ["initializing", "needs-credentials", "cleaning"],
  "needs-credentials": ["initializing", "blocked", "cleaning"],
  initializing: ["starting", "cleaning"],
  starting: ["running", "stopping"],
  running: ["stopping"],
  stopping: ["cleaning"],
  cleaning: ["stopped", "failed"],
  failed: ["loading", "stopped"],
} as const satisfies Record<string, readonly string[]>;

export type PluginState = keyof typeof MOVES;

export const PLUGIN_STATES = Object.keys(MOVES) as PluginState[];

export function mayMove(from: PluginState, to: PluginState): boolean {
  return (MOVES[from] as readonly PluginState[]).includes(to);
}

/** @throws AppError `PLUGIN_STATE` when the table has no such move. */
export function assertMove(instanceId: string, from: PluginState, to: PluginState): void {
  if (!mayMove(from, to)) {
    throw new AppError("PLUGIN_STATE", `Plugin "${instanceId}" cannot go from ${from} to ${to}.`);
  }
}
