import type { PluginInfo } from "../types/host.ts";
import { findCycles } from "../util/graph.ts";
import { parseDependency, satisfiesRange } from "../util/semver.ts";

/** What stands between a plugin and its start, in words, or the instances it must wait for. */
export type DependencyPlan =
  | { readonly kind: "ready"; readonly needs: readonly Need[] }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "cycle"; readonly reason: string };

/** One dependency and the instances that can satisfy it, of which one must run. */
export interface Need {
  readonly dependency: string;
  readonly instances: readonly string[];
}

/**
 * Plans the start of loaded plugins. A dependency names a plugin, not an instance: every instance of that plugin in a
 * fitting version starts first, and one of them running is enough.
 */
export function planDependencies(
  loaded: ReadonlyMap<string, PluginInfo>,
): Map<string, DependencyPlan> {
  const plans = new Map<string, DependencyPlan>();
  for (const [id, info] of loaded) plans.set(id, planOne(info, loaded));

  const graph = new Map(
    [...plans].map(([id, plan]) => [
      id,
      plan.kind === "ready" ? plan.needs.flatMap((need) => need.instances) : [],
    ]),
  );
  for (const cycle of findCycles(graph)) {
    const reason = `Its dependencies form a cycle: ${cycle.join(" → ")}.`;
    for (const id of cycle) plans.set(id, { kind: "cycle", reason });
  }
  return plans;
}

function planOne(info: PluginInfo, loaded: ReadonlyMap<string, PluginInfo>): DependencyPlan {
  const needs: Need[] = [];
  const missing: string[] = [];
  for (const text of info.dependencies) {
    const dependency = parseDependency(text);
    if (dependency === null) {
      missing.push(`"${text}" (not a plugin name with an optional semver range)`);
      continue;
    }
    const named = [...loaded].filter(([, other]) => other.name === dependency.name);
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
