import type { VaultActor } from "../types/vault.ts";
import { actorOf } from "./middleware/request-audit.ts";
import type { RouteCaller } from "./route-table.ts";

/** Whoever sent the request, as the vault records it. */
export function toActor({
  principal,
  requestId,
}: Pick<RouteCaller, "principal" | "requestId">): VaultActor {
  return { actor: actorOf(principal), requestId };
}
