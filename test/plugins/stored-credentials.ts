import { type Vault } from "../../src/index.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";

const ACTOR = { actor: "user:test", requestId: null };

/** A vault in memory in which these are stored: by instance, then by name. */
export async function vaultWith(
  credentials: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<Vault> {
  const vault = createPlainVault();
  for (const [instanceId, values] of Object.entries(credentials)) {
    for (const [name, value] of Object.entries(values)) {
      await store(vault, instanceId, name, value);
    }
  }
  return vault;
}

/** Stores one as an administrator does while the server runs. */
export async function store(
  vault: Vault,
  instanceId: string,
  name: string,
  value: string,
): Promise<void> {
  await vault.for("shared", ACTOR).storeCredential(instanceId, name, value);
}
