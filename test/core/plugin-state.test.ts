import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import {
  assertMove,
  mayMove,
  PLUGIN_STATES,
  type PluginState,
} from "../../src/core/plugin-state.ts";

/** Written out a second time, so that a change of the table is a decision. */
const ALLOWED: Readonly<Record<PluginState, readonly PluginState[]>> = {
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
};

const moves = PLUGIN_STATES.flatMap((from) =>
  PLUGIN_STATES.map((to) => ({ from, to, allowed: ALLOWED[from].includes(to) })),
);

describe("the states of a plugin", () => {
  it.each(moves.filter(({ allowed }) => allowed))("go from $from to $to", ({ from, to }) => {
    expect(mayMove(from, to)).toBe(true);
    expect(() => assertMove("github", from, to)).not.toThrow();
  });

  it.each(moves.filter(({ allowed }) => !allowed))("never go from $from to $to", ({ from, to }) => {
    expect(mayMove(from, to)).toBe(false);
    expect(() => assertMove("github", from, to)).toThrow(
      new AppError("PLUGIN_STATE", `Plugin "github" cannot go from ${from} to ${to}.`),
    );
  });

  it("lead from anywhere back to a start", () => {
    for (const from of PLUGIN_STATES) {
      const reached = new Set<PluginState>([from]);
      for (const state of reached) for (const to of ALLOWED[state]) reached.add(to);
      expect(reached).toContain("loading");
    }
  });
});
