import type { Principal } from "../../types/principal.ts";

/** A client whose requests need no key: it runs on this machine, as the user who runs the server. */
export const LOCAL_CLIENT = createPrincipal("local", ["mcp"]);

/** Frozen through and through: plugins are handed principals. */
export function createPrincipal(id: string, scopes: readonly string[]): Principal {
  return Object.freeze({ kind: "client", id, scopes: Object.freeze([...scopes]) });
}
