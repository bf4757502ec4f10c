import type { PluginInfo } from "../types/host.ts";
import { findEndless, findPath } from "../util/graph.ts";
import { parseDependency, satisfiesRange } from "../util/semver.ts";

/** What a plugin needs before its start, or why that can never be. */
export type DependencyPlan =
  | { readonly kind: "ready"; readonly needs: readonly Need[] }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "cycle"; readonly reason: string };

/** One dependency and the instances that can satisfy it, of which one must run. */
export interface Need {
  readonly dependency: string;
  readonly instances: readonly string[];
}

/** How an instance stands for those who need it: `settling` may still run without anything else happening first. */
export type Standing = "running" | "settling" | "down";

export type StartDecision =
  | { readonly kind: "start" }
  | { readonly kind: "wait" }
  | { readonly kind: "blocked"; readonly reason: string };

/**
 * Plans the start of loaded plugins. A dependency names a plugin, not an instance: every instance of that plugin in a
 * fitting version comes first, and one of them running is enough.
 */
export function planDependencies(
  loaded: ReadonlyMap<string, PluginInfo>,
): Map<string, DependencyPlan> {
  const plans = new Map<string, DependencyPlan>();
  const graph = new Map<string, string[]>();
  const plan = (id: string, next: DependencyPlan) => {
    plans.set(id, next);
    graph.set(id, [...needsOf(next)]);
  };
  const byName = Map.groupBy(loaded, ([, info]) => info.name);
  for (const [id, info] of loaded) plan(id, planOne(info, byName));
  for (const [id, { kind, needs }] of readyPlans(plans)) {
    plan(id, { kind, needs: needs.map((need) => withoutDependents(need, id, graph)) });
  }
  for (const id of findEndless(graph)) {
    const cycle = findPath(graph, id, id);
    if (cycle === null) continue;
    plans.set(id, {
      kind: "cycle",
      reason: `Its dependencies form a cycle: ${cycle.join(" → ")}.`,
    });
  }
  return plans;
}

/** By instance, those that must run before it. */
export function needsOf(plan: DependencyPlan | undefined): readonly string[] {
  return plan?.kind === "ready" ? plan.needs.flatMap(({ instances }) => instances) : [];
}

/** By instance, those that need it themselves. */
export function dependentsIn(plans: ReadonlyMap<string, DependencyPlan>): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  for (const [id, plan] of plans) {
    for (const need of needsOf(plan)) dependents.set(need, [...(dependents.get(need) ?? []), id]);
  }
  return dependents;
}

/** Whether a plugin may start now, given how the instances stand that it needs. */
export function decideStart(
  plan: DependencyPlan,
  standingOf: (instanceId: string) => Standing,
): StartDecision {
  if (plan.kind !== "ready") return { kind: "blocked", reason: plan.reason };
  const needs = plan.needs.map(({ dependency, instances }) => ({
    text: `"${dependency}" (${instances.join(", ")})`,
    standings: instances.map(standingOf),
  }));
  if (needs.some(({ standings }) => standings.includes("settling"))) return { kind: "wait" };
  const lacking = needs.filter(({ standings }) => !standings.includes("running"));
  if (lacking.length === 0) return { kind: "start" };
  const reason = `Waits for dependencies: ${lacking.map(({ text }) => text).join(", ")}.`;
  return { kind: "blocked", reason };
}

function planOne(
  info: PluginInfo,
  byName: ReadonlyMap<string, readonly (readonly [id: string, info: PluginInfo])[]>,
): DependencyPlan {
  const needs: Need[] = [];
  const missing: string[] = [];
  for (const text of info.dependencies) {
    const dependency = parseDependency(text);
    if (dependency === null) {
      missing.push(`"${text}" (not a plugin name with an optional semver range)`);
      continue;
    }
    const named = byName.get(dependency.name) ?? [];
    const fitting = named.filter(([, other]) => satisfiesRange(other.version, dependency.range));
    if (fitting.length > 0) {
      needs.push({ dependency: text, instances: fitting.map(([id]) => id) });
    } else if (named.length > 0) {
      const versions = named.map(([id, other]) => `${id} is ${other.version}`).join(", ");
      missing.push(`"${text}" (${versions})`);
    } else {
      missing.push(`"${text}" (no enabled instance)`);
    }
  }
  return missing.length > 0
    ? { kind: "missing", reason: `Missing dependencies: ${missing.join(", ")}.` }
    : { kind: "ready", needs };
}

function readyPlans(plans: ReadonlyMap<string, DependencyPlan>) {
  return [...plans].flatMap(([id, plan]) => (plan.kind === "ready" ? [[id, plan] as const] : []));
}

/** An instance that itself needs the asker cannot come first; where another one will do, it need not. */
function withoutDependents(
  need: Need,
  asker: string,
  graph: ReadonlyMap<string, readonly string[]>,
): Need {
  const instances = need.instances.filter(
    (id) => id !== asker && findPath(graph, id, asker) === null,
  );
  return instances.length === 0 ? need : { ...need, instances };
}
