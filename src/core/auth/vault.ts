import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Scrubber } from "../../types/scrubber.ts";
import type { CredentialDriver, CredentialId, Vault, VaultStore } from "../../types/vault.ts";
import { assertInstanceId, assertOwner, isReservedName, type NameSpace } from "./credential-ids.ts";
import type { CredentialRecords } from "./credential-records.ts";
import type { DataKeyRotation } from "./data-key-rotation.ts";
import type { Keyring } from "./keyring.ts";
import type { Ledgers } from "./ledger.ts";
import type { MasterKeyring } from "./master-keyring.ts";
import type { MasterRotation } from "./master-rotation.ts";
import { OwnerCredentials, toListing } from "./secure-storage.ts";
import type { VaultAudit } from "./vault-audit.ts";
import { atDoor } from "./vault-faults.ts";
import { exportCredentials, importCredentials } from "./vault-transfer.ts";
import { verifyCredentials } from "./vault-verify.ts";
import { vaultStatus } from "./vault-status.ts";

/** All that the vault's work is done with. */
export interface VaultParts {
  readonly store: VaultStore;
  readonly driver: CredentialDriver;
  readonly ledgers: Ledgers;
  readonly records: CredentialRecords;
  readonly keys: DataKeyRotation;
  readonly keyring: Keyring;
  readonly masterKeys: MasterKeyring;
  readonly masters: MasterRotation;
  readonly scrubber: Scrubber;
  readonly audit: VaultAudit;
  readonly now: () => number;
  /** Tells all listeners. Never throws. */
  readonly onChange: (id: CredentialId) => void;
}

/** Calls listeners one after another; what one throws is logged. */
export class ChangeListeners {
  readonly #listeners = new Set<(id: CredentialId) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: (id: CredentialId) => void): () => void {
    const own = (id: CredentialId) => listener(id);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell({ owner, instanceId, name }: CredentialId): void {
    for (const listener of this.#listeners) {
      try {
        listener({ owner, instanceId, name });
      } catch (error) {
        this.#logger.error("A listener to changes of credentials failed", {
          error: messageOf(error),
        });
      }
    }
  }
}

export function createVault(parts: VaultParts, listeners: ChangeListeners): Vault {
  const { ledgers, store, audit, keys, masters } = parts;
  const listOf = (ids: readonly string[], space: NameSpace) =>
    atDoor(async () => {
      const all = await Promise.all(ids.map((id) => ledgers.current(id)));
      return all
        .flatMap((ledger) => ledger.entries())
        .filter(({ name }) => isReservedName(name) === (space === "reserved"))
        .map(toListing)
        .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
    });
  return {
    for(owner, actor) {
      assertOwner(owner);
      return new OwnerCredentials(parts, owner, actor, "plugin");
    },
    reserved(owner, actor) {
      assertOwner(owner);
      return new OwnerCredentials(parts, owner, actor, "reserved");
    },
    async list(instanceId) {
      if (instanceId === undefined) return listOf(await atDoor(() => store.instances()), "plugin");
      assertInstanceId(instanceId);
      return listOf([instanceId], "plugin");
    },
    async listReserved(instanceId) {
      assertInstanceId(instanceId);
      return listOf([instanceId], "reserved");
    },
    onChange: (listener) => listeners.add(listener),
    status: () => atDoor(() => vaultStatus(parts)),
    async rotateDataKeys({ actor, onProgress, instanceId }) {
      if (instanceId !== undefined) assertInstanceId(instanceId);
      await audit.change(
        { actor, action: "vault.rotate", instanceId: instanceId ?? null, subject: null },
        () => atDoor(() => keys.rotate(instanceId, onProgress)),
      );
    },
    async rotateMasterKey({ actor, onProgress }) {
      masters.assertPossible();
      await audit.change(
        { actor, action: "vault.rotate-master", instanceId: null, subject: null },
        () => atDoor(() => masters.rotate(onProgress)),
        (masterKeyId) => ({ masterKeyId }),
      );
    },
    verify: (work) => verifyCredentials(parts, work),
    exportBackup: (work) => exportCredentials(parts, work),
    importBackup: (work) => importCredentials(parts, work),
  };
}

function sortKey({ instanceId, owner, name }: CredentialId): string {
  return `${instanceId} ${owner} ${name}`;
}
