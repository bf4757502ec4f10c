import { AppError } from "../../src/errors.ts";
import type {
  CredentialId,
  CredentialListing,
  Owner,
  OwnerVault,
  Vault,
} from "../../src/types/vault.ts";

interface Kept extends CredentialListing {
  readonly bytes: Uint8Array;
}

/** Credentials in plain memory, without encryption and record: stands in where there is no real vault. */
export function createPlainVault(now: () => number = () => 0): Vault {
  const kept = new Map<string, Kept>();
  const listeners = new Set<(id: CredentialId) => void>();
  const keyOf = ({ owner, instanceId, name }: CredentialId) =>
    JSON.stringify([owner, instanceId, name]);
  const tell = (id: CredentialId) => {
    for (const listener of listeners) listener(id);
  };
  const listings = async (matches: (id: CredentialId) => boolean) =>
    [...kept.values()]
      .filter(matches)
      .map(({ bytes: _bytes, ...listing }) => listing)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const of = (owner: Owner): OwnerVault => {
    const store = async (instanceId: string, name: string, bytes: Uint8Array) => {
      const id = { owner, instanceId, name };
      const createdAt = kept.get(keyOf(id))?.createdAt ?? now();
      kept.set(keyOf(id), { ...id, bytes: bytes.slice(), createdAt, updatedAt: now() });
      tell(id);
    };
    const own: OwnerVault = {
      storeCredential: (instanceId, name, value) =>
        store(instanceId, name, new TextEncoder().encode(value)),
      storeCredentialBytes: store,
      async retrieveCredential(instanceId, name) {
        const found = kept.get(keyOf({ owner, instanceId, name }));
        if (found === undefined) {
          throw new AppError("CREDENTIAL_NOT_FOUND", `"${instanceId}" has no such credential.`);
        }
        return new TextDecoder().decode(found.bytes);
      },
      async deleteCredential(instanceId, name) {
        const id = { owner, instanceId, name };
        if (kept.delete(keyOf(id))) tell(id);
      },
      listCredentials: async (instanceId) =>
        (await own.listings(instanceId)).map(({ name }) => name),
      listings: (instanceId) =>
        listings((id) => id.owner === owner && id.instanceId === instanceId),
      async useCredential(instanceId, name, use) {
        const bytes = kept.get(keyOf({ owner, instanceId, name }))?.bytes.slice();
        return bytes === undefined ? null : { value: await use(bytes) };
      },
    };
    return own;
  };
  const unsupported = async (): Promise<never> => {
    throw new AppError("VAULT_UNAVAILABLE", "There is no vault behind this one.");
  };
  return {
    for: of,
    reserved: of,
    list: (instanceId) =>
      listings((id) => instanceId === undefined || id.instanceId === instanceId),
    listReserved: (instanceId) =>
      listings((id) => id.instanceId === instanceId && id.name.startsWith("$")),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    status: unsupported,
    rotateDataKeys: unsupported,
    rotateMasterKey: unsupported,
    verify: unsupported,
    exportBackup: unsupported,
    importBackup: unsupported,
  };
}
