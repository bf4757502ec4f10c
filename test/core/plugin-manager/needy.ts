import type { MCPPlugin } from "../../../src/types/plugin.ts";
import type { Owner, Vault, VaultActor } from "../../../src/types/vault.ts";
import {
  createPlugin,
  createTestManager,
  toolCall,
  type TestManagerOptions,
} from "../../helpers/manager.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";

export const SYSTEM: VaultActor = { actor: "system", requestId: null };
export const FIELD = {
  type: "password",
  required: true,
  description: "A key from keys.example",
} as const;
export const AUTH = { type: "api-key", required: true, fields: { api_key: FIELD } } as const;
export const MISSING = [{ name: "api_key", description: "A key from keys.example" }];

export const needy =
  (parts: Partial<MCPPlugin> = {}) =>
  () =>
    createPlugin("needy", { auth: AUTH, ...parts });

export function openNeedy(options: Partial<TestManagerOptions> & { vault?: Vault } = {}) {
  const { vault = createPlainVault(), ...rest } = options;
  const test = createTestManager({
    plugins: { a: needy() },
    ...rest,
    deps: { ...rest.deps, vault },
  });
  const own = (owner: Owner = "shared") => vault.for(owner, SYSTEM);
  return {
    ...test,
    vault,
    store: (name = "api_key", instance = "a", owner: Owner = "shared") =>
      own(owner).storeCredential(instance, name, "s3cret-key"),
    remove: (name = "api_key") => own().deleteCredential("a", name),
    settle: () => test.time.advance(0),
    call: async (name = "a_echo") => {
      const { run } = test.manager.catalog.tools.get(name)!;
      return run.call(toolCall(), 60_000, { signal: null });
    },
  };
}
