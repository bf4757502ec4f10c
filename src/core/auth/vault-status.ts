import type { CredentialDriver, VaultStatus, VaultStore } from "../../types/vault.ts";
import type { Keyring } from "./keyring.ts";
import type { MasterKeyring } from "./master-keyring.ts";

export interface VaultStatusDeps {
  readonly store: VaultStore;
  readonly driver: CredentialDriver;
  readonly keyring: Keyring;
  readonly masterKeys: MasterKeyring;
}

/** As the store has it: what is wrong with a ledger is for `verify` to say. */
export async function vaultStatus({
  store,
  driver,
  keyring,
  masterKeys,
}: VaultStatusDeps): Promise<VaultStatus> {
  await masterKeys.reload();
  await keyring.reload();
  const active = keyring
    .records()
    .filter(({ state, instanceId }) => state === "active" && !instanceId.startsWith("$"))
    .toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  const instances = active.map(async ({ id, instanceId, createdAt, uses }) => {
    const entries = (await store.ledger(instanceId))?.entries ?? [];
    return {
      instanceId,
      credentials: entries.length,
      dataKeyId: id,
      dataKeyCreatedAt: createdAt,
      uses,
      useLimit: keyring.useLimit,
      pending: entries.filter(({ keyId }) => keyId !== id).length,
    };
  });
  return {
    driver: driver.kind,
    masterKeyId: masterKeys.inForce.id,
    masterRotationPending: masterKeys.isPending,
    instances: await Promise.all(instances),
  };
}
