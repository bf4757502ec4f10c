import type { LifecycleChanges } from "./lifecycle-changes.ts";
import {
  decideStart,
  planDependencies,
  type DependencyPlan,
  type Standing,
  type StartDecision,
} from "./plugin-dependencies.ts";
import type { PluginInstance } from "./plugin-instance.ts";

/** Says which of the enabled instances may start now, which have to wait, and why others never will. Starts none. */
export class StartOrder {
  readonly #instances: ReadonlyMap<string, PluginInstance>;
  readonly #changes: Pick<LifecycleChanges, "has">;
  /** Until other code has been loaded. */
  #plans: ReadonlyMap<string, DependencyPlan> | null = null;

  /** @param instances the one life of each instance that counts */
  constructor(
    instances: ReadonlyMap<string, PluginInstance>,
    changes: Pick<LifecycleChanges, "has">,
  ) {
    this.#instances = instances;
    this.#changes = changes;
  }

  enabled(): PluginInstance[] {
    return [...this.#instances.values()].filter(({ registered }) => registered.settings.enabled);
  }

  /** Those that nothing but their turn keeps from their start. */
  undecided(): PluginInstance[] {
    return this.enabled().filter((each) => mayStart(each) && !this.#changes.has(each.id));
  }

  plans(): ReadonlyMap<string, DependencyPlan> {
    this.#plans ??= this.#planWith(null);
    return this.#plans;
  }

  /** Other code has been loaded: what plugins need is to be found out anew. */
  forgetPlans(): void {
    this.#plans = null;
  }

  decide({ id }: PluginInstance): StartDecision {
    return this.#decideBy(this.plans().get(id)!);
  }

  /** Decides for one as if it had taken over from the life that counts. */
  decideSuccessor(successor: PluginInstance): StartDecision {
    return this.#decideBy(this.#planWith(successor).get(successor.id)!);
  }

  standingOf(id: string): Standing {
    const state = this.#instances.get(id)?.state;
    // Also one whose successor is on its way.
    if (state === "running") return "running";
    return this.#changes.has(id) || state === "loaded" ? "settling" : "down";
  }

  #decideBy(plan: DependencyPlan): StartDecision {
    const decision = decideStart(plan, (id) => this.standingOf(id));
    // What a plugin is called shows only when it has been loaded: what is missing may be on its way.
    const comes = this.enabled().some(({ id, info }) => info === null && this.#changes.has(id));
    return decision.kind === "blocked" && comes ? { kind: "wait" } : decision;
  }

  /** @param successor counts in place of the life that it is to take over from */
  #planWith(successor: PluginInstance | null): ReadonlyMap<string, DependencyPlan> {
    const lives = this.enabled().map((each) => (each.id === successor?.id ? successor : each));
    const known = lives.flatMap(({ id, info }) => (info ? [[id, info] as const] : []));
    return planDependencies(new Map(known));
  }
}

function mayStart({ state, missing }: PluginInstance): boolean {
  if (state === "needs-credentials") return missing.length === 0;
  return state === "loaded" || state === "blocked";
}
