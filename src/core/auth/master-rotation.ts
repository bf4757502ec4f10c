import { AppError } from "../../errors.ts";
import type {
  MasterKeyProvider,
  MasterKeyRotation,
  VaultProgress,
  VaultStore,
} from "../../types/vault.ts";
import { CHECK, NEXT_CHECK, nextCheck, type MasterKeyring } from "./master-keyring.ts";
import {
  checkedKeyId,
  importMasterKey,
  makeCheck,
  wrapDataKey,
  type MasterKey,
} from "./master-keys.ts";
import { rotationStopped, tooBusy } from "./vault-faults.ts";
import type { Lease, WriteLeases } from "./write-leases.ts";

type OnProgress = (progress: VaultProgress) => void;

const LEASE = "$master";
const MAX_TRIES = 10;

export interface MasterRotationDeps {
  readonly store: VaultStore;
  readonly provider: MasterKeyProvider;
  readonly masterKeys: MasterKeyring;
  readonly leases: WriteLeases;
}

/**
 * Wraps every data key by another master key. The steps, each of which may be the last before a crash:
 *
 * 1. the provider stores the next key beside the current one
 * 2. the store gets the next key's check value
 * 3. every data key is wrapped by the next key
 * 4. the next key's check value replaces the current one: no data key is wrapped by the old key from now on
 * 5. those that another process has added between 3 and 4 are wrapped, too
 * 6. the provider makes the next key the current one, and keeps the old one beside it until the next rotation
 * 7. the store forgets that there is a next one
 *
 * Any of them may come late, from a process that froze after it had looked at its lease. So each names what it changes: the
 * store's steps the very text that they replace, which never comes back, and step 6 the key that it puts into force.
 *
 * A vault that finds steps done goes on with the one after. Where somebody else has changed the provider's key, and it still
 * has the old one among the others, the same steps without 1 and 6 lead to the new one.
 */
export class MasterRotation {
  readonly #deps: MasterRotationDeps;

  constructor(deps: MasterRotationDeps) {
    this.#deps = deps;
  }

  /** @throws AppError `CONFIG_INVALID` */
  assertPossible(): void {
    if (this.#deps.provider.rotation !== undefined) return;
    throw new AppError(
      "CONFIG_INVALID",
      "The server cannot replace its master key where it comes from. Set the new key there, keep the old one as the previous key, and restart: the vault goes over to the new one by itself.",
    );
  }

  /** Answers the new key's id. */
  async rotate(onProgress?: OnProgress): Promise<string> {
    this.assertPossible();
    const { leases, masterKeys, provider } = this.#deps;
    return leases.hold(LEASE, async (lease) => {
      await masterKeys.reload();
      if (masterKeys.isPending) await this.#finish(lease);
      lease.assertHeld();
      const next = await importMasterKey(await provider.rotation!.prepare());
      masterKeys.add(next);
      await this.#goTo(lease, next, onProgress);
      return next.id;
    });
  }

  /** Does what an interrupted rotation has left, or goes over to the provider's new key. */
  async resume(): Promise<void> {
    const { leases, masterKeys } = this.#deps;
    await leases.hold(LEASE, async (lease) => {
      await masterKeys.reload();
      if (masterKeys.isPending) await this.#finish(lease);
    });
  }

  async #finish(lease: Lease): Promise<void> {
    const { masterKeys, store, provider } = this.#deps;
    const next = await nextCheck(store);
    const begun = next === null ? null : masterKeys.byId(checkedKeyId(next) ?? "");
    // Where others store the key, theirs counts: they may have gone back to the one before.
    const target = provider.rotation === undefined ? null : begun;
    await this.#goTo(lease, target ?? masterKeys.current);
  }

  async #goTo(lease: Lease, target: MasterKey, onProgress?: OnProgress): Promise<void> {
    const { masterKeys, store, provider } = this.#deps;
    const check = await this.#announce(lease, target);
    await this.#rewrap(lease, target, onProgress);
    lease.assertHeld();
    if (check !== masterKeys.check && !(await store.setValue(CHECK, check, masterKeys.check))) {
      throw tooBusy("The master key");
    }
    await this.#rewrap(lease, target);
    const current = await importMasterKey(await provider.current());
    if (current.id !== target.id && provider.rotation !== undefined) {
      await this.#putIntoForce(lease, target, provider.rotation);
    }
    lease.assertHeld();
    await store.setValue(NEXT_CHECK, `none.${crypto.randomUUID()}`, check);
    await masterKeys.reload();
  }

  /** Only the key that everything is wrapped with may take the place of the current one. */
  async #putIntoForce(lease: Lease, target: MasterKey, rotation: MasterKeyRotation): Promise<void> {
    const others = await this.#deps.provider.others();
    try {
      for (const bytes of others) {
        if ((await importMasterKey(bytes.slice())).id !== target.id) continue;
        lease.assertHeld();
        if (await rotation.finish(bytes)) return;
      }
    } finally {
      for (const bytes of others) bytes.fill(0);
    }
    throw rotationStopped("the next master key is not the one that the data keys are wrapped with");
  }

  /** Answers the check value of the key that it goes to. */
  async #announce(lease: Lease, target: MasterKey): Promise<string> {
    const { masterKeys, store } = this.#deps;
    const stored = await store.value(NEXT_CHECK);
    if (checkedKeyId(stored ?? "") === target.id) return stored!;
    const isInForce = checkedKeyId(masterKeys.check) === target.id;
    const check = isInForce ? masterKeys.check : await makeCheck(target);
    lease.assertHeld();
    if (await store.setValue(NEXT_CHECK, check, stored)) return check;
    throw tooBusy("The master key");
  }

  async #rewrap(lease: Lease, target: MasterKey, onProgress?: OnProgress): Promise<void> {
    const { masterKeys, store } = this.#deps;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const records = await store.dataKeys();
      const others = records.filter(({ masterKeyId }) => masterKeyId !== target.id);
      if (others.length === 0) return;
      let done = records.length - others.length;
      onProgress?.({ done, total: records.length });
      for (const record of others) {
        const bytes = await masterKeys.unwrap(record);
        if (bytes === null) {
          throw rotationStopped(
            `the data key ${record.id} is wrapped with a key that is not there`,
          );
        }
        try {
          lease.assertHeld();
          await store.rewrapDataKey(
            record.id,
            record.wrapped,
            await wrapDataKey(target, record, bytes),
          );
        } finally {
          bytes.fill(0);
        }
        done++;
        onProgress?.({ done, total: records.length });
      }
    }
    throw tooBusy("The data keys");
  }
}
