import type { Principal } from "../../types/principal.ts";

/** A client whose requests need no key: it runs on this machine, as the user who runs the server. */
export const LOCAL_CLIENT = createPrincipal("local", ["mcp"]);

/** Frozen through and through: plugins are handed principals. */
export function createPrincipal(id: string, scopes: readonly string[]): Principal {
  return Object.freeze({ kind: "client", id, scopes: Object.freeze([...scopes]) });
}

/** A caller as plugins know it: what it may use, and by whose accounts, is no business of theirs. */
export function toPluginPrincipal(principal: Principal): Principal {
  const { kind, id, scopes, ...others } = principal;
  const isPlain = Object.keys(others).length === 0;
  return isPlain ? principal : Object.freeze({ kind, id, scopes });
}
