import type { Principal } from "../../types/principal.ts";
import type { Time } from "../../types/runtime.ts";
import { RateBudget, tooMany, UNLIMITED } from "./rate-budget.ts";

/** How many tools each principal may call in a minute, by whichever transport (tools.mdx: servers MUST rate limit). */
export class CallBudget {
  readonly #perMinute: () => number | null;
  readonly #budget: RateBudget;

  /** @param perMinute of a principal without a limit of its own, now; `null` for any number */
  constructor(perMinute: () => number | null, time: Pick<Time, "elapsed">) {
    this.#perMinute = perMinute;
    this.#budget = new RateBudget(UNLIMITED, time);
  }

  /** What to tell a caller who has called too often; `null` for the others. */
  take({ kind, id, callsPerMinute = this.#perMinute() ?? undefined }: Principal): string | null {
    if (callsPerMinute === undefined) return null;
    const use = this.#budget.take(`${kind} ${id}`, callsPerMinute);
    return use.isAllowed ? null : tooMany("calls", use);
  }
}
