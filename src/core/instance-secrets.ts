import type { Vault, VaultActor } from "../types/vault.ts";
import type { OAuthManager } from "./auth/oauth-manager.ts";

export interface InstanceSecretsDeps {
  readonly vault: Vault;
  readonly oauth: Pick<OAuthManager, "connections" | "revokeToken">;
}

/** Deletes all that an instance knows of others: connections (revoked where they came from), credentials, the server's own. */
export type DeleteSecrets = (instanceId: string, actor: VaultActor) => Promise<void>;

/** The function throws what the vault throws; called again, it goes on where it was. Each deletion is recorded by itself. */
export function createSecretRemoval({ vault, oauth }: InstanceSecretsDeps): DeleteSecrets {
  return async function deleteSecrets(instanceId, actor) {
    for (const { owner } of await oauth.connections(instanceId)) {
      await oauth.revokeToken(instanceId, owner, actor);
    }
    for (const { owner, name } of await vault.list(instanceId)) {
      await vault.for(owner, actor).deleteCredential(instanceId, name);
    }
    // Also of owners of whom no connection is known, as after a restore of the vault alone.
    for (const { owner, name } of await vault.listReserved(instanceId)) {
      await vault.reserved(owner, actor).deleteCredential(instanceId, name);
    }
  };
}

/** Whether anything is kept of an instance: connections, credentials, the server's own. */
export function createSecretCheck({
  vault,
  oauth,
}: InstanceSecretsDeps): (instanceId: string) => Promise<boolean> {
  return async (instanceId) =>
    (await oauth.connections(instanceId)).length > 0 ||
    (await vault.list(instanceId)).length > 0 ||
    (await vault.listReserved(instanceId)).length > 0;
}
