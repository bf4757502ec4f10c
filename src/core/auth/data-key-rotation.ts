import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { CredentialId, VaultProgress, VaultStore } from "../../types/vault.ts";
import type { CredentialRecords } from "./credential-records.ts";
import type { InstanceWrites } from "./instance-writes.ts";
import type { Keyring } from "./keyring.ts";
import type { Ledgers } from "./ledger.ts";
import { unreadableReason } from "./vault-faults.ts";

type OnProgress = (progress: VaultProgress) => void;

export interface DataKeyRotationDeps {
  readonly store: VaultStore;
  readonly keyring: Keyring;
  readonly ledgers: Ledgers;
  readonly records: CredentialRecords;
  readonly writes: InstanceWrites;
  readonly logger: Logger;
}

/** Replaces data keys, and seals anew what older keys have sealed. */
export class DataKeyRotation {
  readonly #deps: DataKeyRotationDeps;
  #isStopped = false;

  constructor(deps: DataKeyRotationDeps) {
    this.#deps = deps;
  }

  /**
   * Gives an instance, or all, a new key. Where something cannot be read the rest is done first.
   *
   * @throws AppError `CREDENTIAL_UNREADABLE`
   */
  async rotate(instanceId: string | undefined, onProgress?: OnProgress): Promise<void> {
    const { keyring, writes } = this.#deps;
    await keyring.reload();
    const all = this.#instances();
    const chosen = instanceId === undefined ? all : all.filter((each) => each === instanceId);
    for (const id of chosen) await writes.run(id, () => keyring.replace(id));
    await this.#finish(chosen, onProgress);
  }

  /** Instances that have keys which seal nothing any more. */
  async unfinished(): Promise<readonly string[]> {
    await this.#deps.keyring.reload();
    const retiring = this.#deps.keyring.records().filter(({ state }) => state === "retiring");
    return [...new Set(retiring.map(({ instanceId }) => instanceId))].toSorted();
  }

  /** Does what is left of rotations that were interrupted, or that a key's limit began. */
  async resume(): Promise<void> {
    await this.#finish(await this.unfinished());
  }

  /** Ends the work after the credential that it is at. */
  stop(): void {
    this.#isStopped = true;
  }

  #instances(): string[] {
    const ids = this.#deps.keyring.records().map(({ instanceId }) => instanceId);
    return [...new Set(ids)].filter((id) => !id.startsWith("$")).toSorted();
  }

  async #finish(instanceIds: readonly string[], onProgress?: OnProgress): Promise<void> {
    const { ledgers, keyring, records, logger } = this.#deps;
    const failures: unknown[] = [];
    const pending: { readonly id: CredentialId; readonly activeKeyId: string }[] = [];
    await keyring.reload();
    for (const instanceId of instanceIds) {
      const activeKeyId = keyring.activeOf(instanceId)?.id;
      if (activeKeyId === undefined) continue;
      const entries = await keepFailures(failures, async () =>
        (await ledgers.current(instanceId)).entries(),
      );
      const old = (entries ?? []).filter(({ keyId }) => keyId !== activeKeyId);
      pending.push(...old.map((id) => ({ id, activeKeyId })));
    }
    let done = 0;
    onProgress?.({ done, total: pending.length });
    for (const { id, activeKeyId } of pending) {
      if (this.#isStopped) return;
      await keepFailures(failures, () => records.reseal(id, activeKeyId));
      done++;
      onProgress?.({ done, total: pending.length });
    }
    for (const instanceId of instanceIds) await this.#removeRetired(instanceId);
    if (failures.length === 0) return;
    const reasons = failures.map(messageOf);
    logger.error("Credentials could not be sealed anew", { count: failures.length, reasons });
    throw failures[0];
  }

  async #removeRetired(instanceId: string): Promise<void> {
    const { store, keyring, writes } = this.#deps;
    await writes.run(instanceId, async () => {
      await keyring.reload();
      const retiring = keyring
        .records()
        .filter((record) => record.instanceId === instanceId && record.state === "retiring");
      for (const { id } of retiring) await store.removeDataKey(id);
      await keyring.reload();
    });
  }
}

/** One credential that nobody can read does not keep the others from being sealed anew. */
async function keepFailures<T>(failures: unknown[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (unreadableReason(error) === null) throw error;
    failures.push(error);
    return null;
  }
}
