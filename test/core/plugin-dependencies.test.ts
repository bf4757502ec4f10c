import { describe, expect, it } from "vitest";
import {
  decideStart,
  planDependencies,
  type Standing,
} from "../../src/core/plugin-dependencies.ts";
import type { PluginInfo } from "../../src/types/host.ts";

/** `id: [plugin name, version, ...dependencies]` */
function plan(plugins: Record<string, readonly [string, string, ...string[]]>) {
  const loaded = Object.entries(plugins).map(
    ([id, [name, version, ...dependencies]]): [string, PluginInfo] => [
      id,
      { name, version, dependencies, description: "", configSchema: null, auth: null },
    ],
  );
  return Object.fromEntries(planDependencies(new Map(loaded)));
}

const ready = (...needs: [string, ...string[]][]) => ({
  kind: "ready",
  needs: needs.map(([dependency, ...instances]) => ({ dependency, instances })),
});

describe("planDependencies", () => {
  it("finds the instances of a dependency by plugin name, in fitting versions", () => {
    expect(
      plan({
        board: ["board", "1.0.0", "github@^1.2"],
        home: ["github", "1.2.9"],
        old: ["github", "1.1.0"],
        work: ["github", "1.9.0"],
      }),
    ).toEqual({
      board: ready(["github@^1.2", "home", "work"]),
      home: ready(),
      old: ready(),
      work: ready(),
    });
  });

  it("reports everything that is missing, together", () => {
    expect(
      plan({
        board: ["board", "1.0.0", "github@^2", "slack", "time", "x@bad range!"],
        gh: ["github", "1.9.0"],
        clock: ["time", "1.0.0"],
      })["board"],
    ).toEqual({
      kind: "missing",
      reason:
        'Missing dependencies: "github@^2" (gh is 1.9.0), "slack" (no enabled instance), ' +
        '"x@bad range!" (not a plugin name with an optional semver range).',
    });
  });

  it("reports a cycle to each plugin on it, as its path, and to nobody else", () => {
    const plans = plan({
      a: ["a", "1.0.0", "b"],
      b: ["b", "1.0.0", "c"],
      c: ["c", "1.0.0", "a"],
      user: ["user", "1.0.0", "a"],
    });
    expect(plans).toEqual({
      a: { kind: "cycle", reason: "Its dependencies form a cycle: a → b → c → a." },
      b: { kind: "cycle", reason: "Its dependencies form a cycle: b → c → a → b." },
      c: { kind: "cycle", reason: "Its dependencies form a cycle: c → a → b → c." },
      user: ready(["a", "a"]),
    });
  });

  it("reports a plugin that needs itself", () => {
    expect(plan({ a: ["a", "1.0.0", "a"] })["a"]).toEqual({
      kind: "cycle",
      reason: "Its dependencies form a cycle: a → a.",
    });
  });

  it("sees every plugin of two cycles that share one", () => {
    const plans = plan({
      a: ["a", "1.0.0", "b", "c"],
      b: ["b", "1.0.0", "a"],
      c: ["c", "1.0.0", "b"],
    });
    expect(Object.values(plans).map(({ kind }) => kind)).toEqual(["cycle", "cycle", "cycle"]);
    expect(plans["c"]).toHaveProperty("reason", "Its dependencies form a cycle: c → b → a → c.");
  });

  it("lets another instance come first where one of them needs the asker itself", () => {
    expect(
      plan({
        app: ["app", "1.0.0", "store"],
        mirror: ["store", "1.0.0", "app"],
        plain: ["store", "1.0.0"],
      }),
    ).toEqual({
      app: ready(["store", "plain"]),
      mirror: ready(["app", "app"]),
      plain: ready(),
    });
  });
});

describe("decideStart", () => {
  const decide = (standings: Record<string, Standing>, ...needs: [string, ...string[]][]) =>
    decideStart(
      {
        kind: "ready",
        needs: needs.map(([dependency, ...instances]) => ({ dependency, instances })),
      },
      (id) => standings[id]!,
    );

  it("starts what needs nothing", () => {
    expect(decide({})).toEqual({ kind: "start" });
  });

  it("starts when of each dependency one instance runs", () => {
    expect(decide({ a: "down", b: "running", c: "running" }, ["x", "a", "b"], ["y", "c"])).toEqual({
      kind: "start",
    });
  });

  it("waits as long as an instance may still come", () => {
    expect(decide({ a: "settling", b: "running" }, ["x", "a", "b"])).toEqual({ kind: "wait" });
    expect(decide({ a: "down", b: "settling" }, ["x", "a"], ["y", "b"])).toEqual({ kind: "wait" });
  });

  it("names every dependency that does not run", () => {
    expect(
      decide(
        { a: "down", b: "down", c: "running", d: "down" },
        ["x@^1", "a", "b"],
        ["y", "c"],
        ["z", "d"],
      ),
    ).toEqual({ kind: "blocked", reason: 'Waits for dependencies: "x@^1" (a, b), "z" (d).' });
  });

  it.each(["missing", "cycle"] as const)("passes the reason of a plan on that is %s", (kind) => {
    expect(decideStart({ kind, reason: "Never." }, () => "running")).toEqual({
      kind: "blocked",
      reason: "Never.",
    });
  });
});
