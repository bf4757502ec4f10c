import type { Principal } from "../../../src/types/principal.ts";
import type { MCPPlugin, PluginContext } from "../../../src/types/plugin.ts";
import type { Owner, VaultActor } from "../../../src/types/vault.ts";
import {
  createTestManager,
  createTracedPlugin,
  toolCall,
  type TestManagerOptions,
} from "../../helpers/manager.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";

const SYSTEM: VaultActor = { actor: "system", requestId: null };
const AUTH = {
  type: "api-key",
  required: true,
  owner: "user",
  fields: { key: { type: "password", required: true, description: "Your key" } },
} as const;
export const OPTIONAL = { ...AUTH, required: false } as const;

export const ANN: Principal = { kind: "client", id: "ann", scopes: ["mcp"] };
export const BOB: Principal = { kind: "user", id: "bob", scopes: ["mcp"] };
/** What a call is answered whose owner's object does not start. */
export const NOT_STARTED = {
  kind: "tool-error",
  message: '"a" could not be started for you; the server\'s log has the reason.',
};
export const client = (n: number): Principal => ({ kind: "client", id: `c${n}`, scopes: [] });

/** A plugin that answers whose key it has. `traced` notes the steps of each object. */
export function personal(parts: Partial<MCPPlugin> = {}, steps: string[] = []) {
  let made = 0;
  return () => {
    let context: PluginContext | null = null;
    const name = `o${made++}`;
    return createTracedPlugin(name, steps, {
      auth: AUTH,
      ...parts,
      async initialize(given) {
        context = given;
        await parts.initialize?.(given);
      },
      executeTool:
        parts.executeTool ?? (async () => `${name}: ${await context!.getCredential("key")}`),
    });
  };
}

export function openPersonal(plugin: unknown, options: Partial<TestManagerOptions> = {}) {
  const vault = createPlainVault();
  const test = createTestManager({
    plugins: { a: plugin },
    ...options,
    deps: { ...options.deps, vault },
  });
  const own = (owner: Owner) => vault.for(owner, SYSTEM);
  return {
    ...test,
    vault,
    store: (owner: Owner, value = `key of ${owner}`) =>
      own(owner).storeCredential("a", "key", value),
    remove: (owner: Owner) => own(owner).deleteCredential("a", "key"),
    call: async (principal: Principal, signal: AbortSignal | null = null) => {
      const { run } = test.manager.catalog.tools.get("a_echo")!;
      const outcome = await run.call({ ...toolCall(), principal }, 60_000, { signal });
      return outcome.kind === "result" ? outcome.value : outcome;
    },
  };
}
