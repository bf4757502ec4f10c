import { AppError } from "../../errors.ts";
import type { DataKeyRecord, MasterKeyProvider, VaultStore } from "../../types/vault.ts";
import {
  checkedKeyId,
  importMasterKey,
  makeCheck,
  passesCheck,
  unwrapDataKey,
  type MasterKey,
} from "./master-keys.ts";
import { keyLost, keyWrong } from "./vault-faults.ts";

/** Tells which master key is in force; whoever adds a data key names its value. */
export const CHECK = "vault.check";
/** The check value of the key that a rotation goes to, or a text that is none and never stood there before. */
export const NEXT_CHECK = "vault.check.next";

/** The check value of the key that a rotation goes to; `null` when there is none. */
export async function nextCheck(store: VaultStore): Promise<string | null> {
  const text = await store.value(NEXT_CHECK);
  return text === null || checkedKeyId(text) === null ? null : text;
}

/** Looks at keys that do not fit together, as in the middle of somebody's rotation. */
const MAX_TRIES = 3;

/** The master keys that the provider has, and which of them is in force. */
export class MasterKeyring {
  readonly #store: VaultStore;
  readonly #provider: MasterKeyProvider;
  #keys = new Map<string, MasterKey>();
  #current!: MasterKey;
  #inForce!: MasterKey;
  #check!: string;
  #isPending = false;
  #isOpen = false;

  private constructor(store: VaultStore, provider: MasterKeyProvider) {
    this.#store = store;
    this.#provider = provider;
  }

  /**
   * Changes nothing, except that a vault that has never been used gets its check value.
   *
   * @throws AppError `VAULT_KEY_WRONG`
   */
  static async open(store: VaultStore, provider: MasterKeyProvider): Promise<MasterKeyring> {
    const keyring = new MasterKeyring(store, provider);
    // In this order: whoever adds a data key has set the check value before.
    const wasUsed = await isUsed(store);
    if (!wasUsed && (await store.value(CHECK)) === null) await provider.begin?.();
    await keyring.reload();
    keyring.#isOpen = true;
    return keyring;
  }

  /** The key that wraps data keys. */
  get inForce(): MasterKey {
    return this.#inForce;
  }

  /** Its check value, as it stands in the store. */
  get check(): string {
    return this.#check;
  }

  /** The provider's current key. */
  get current(): MasterKey {
    return this.#current;
  }

  /** Whether a rotation was begun, or is asked for, that has not ended. */
  get isPending(): boolean {
    return this.#isPending;
  }

  byId(id: string): MasterKey | null {
    return this.#keys.get(id) ?? null;
  }

  add(key: MasterKey): void {
    this.#keys.set(key.id, key);
  }

  /** Asks provider and store anew: another process may have rotated, and may do so again between the two. */
  async reload(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#reloadOnce();
      } catch (error) {
        const isWrong = error instanceof AppError && error.code === "VAULT_KEY_WRONG";
        if (!isWrong || tries === MAX_TRIES) throw error;
      }
    }
  }

  async #reloadOnce(): Promise<void> {
    await this.#loadKeys();
    // In this order: whoever adds a data key has set the check value before.
    const dataKeys = await this.#store.dataKeys();
    const wasUsed = await isUsed(this.#store);
    const check = (await this.#store.value(CHECK)) ?? (await this.#begin(wasUsed));
    const next = await nextCheck(this.#store);
    this.#inForce = await this.#decide(check, next, dataKeys);
    this.#check = check;
    this.#isPending =
      next !== null ||
      checkedKeyId(check) !== this.#current.id ||
      dataKeys.some(({ masterKeyId }) => masterKeyId !== this.#inForce.id);
  }

  /** The data key's bytes, for the caller to zero; `null` when no master key at hand has wrapped it. */
  async unwrap(record: DataKeyRecord): Promise<Uint8Array<ArrayBuffer> | null> {
    if (!this.#keys.has(record.masterKeyId)) await this.reload();
    const master = this.#keys.get(record.masterKeyId);
    return master === undefined ? null : unwrapDataKey(master, record);
  }

  async #loadKeys(): Promise<void> {
    const keys = new Map<string, MasterKey>();
    // In this order: a key that is put into force in between is among the others before.
    for (const bytes of await this.#provider.others()) {
      const key = await importMasterKey(bytes);
      keys.set(key.id, key);
    }
    this.#current = await importMasterKey(await this.#provider.current());
    keys.set(this.#current.id, this.#current);
    this.#keys = keys;
  }

  async #begin(wasUsed: boolean): Promise<string> {
    if (wasUsed) throw this.#wrong("its check value is gone");
    const made = await makeCheck(this.#current);
    if (await this.#store.setValue(CHECK, made, null)) return made;
    // Another process was quicker, with the same key or with another.
    return (await this.#store.value(CHECK)) ?? "";
  }

  async #decide(
    check: string,
    next: string | null,
    dataKeys: readonly DataKeyRecord[],
  ): Promise<MasterKey> {
    const key = await this.#passing(check);
    if (key !== null) return key;
    // The rotation may have come so far that nothing needs the old key any more, and the old key is gone.
    const following = next === null ? null : await this.#passing(next);
    if (following !== null && dataKeys.every(({ masterKeyId }) => masterKeyId === following.id)) {
      return following;
    }
    throw this.#wrong("the master key is not the one that its data keys are wrapped with");
  }

  #wrong(why: string): AppError {
    return this.#isOpen ? keyLost(why) : keyWrong(why);
  }

  async #passing(check: string): Promise<MasterKey | null> {
    const key = this.#keys.get(checkedKeyId(check) ?? "");
    return key !== undefined && (await passesCheck(key, check)) ? key : null;
  }
}

async function isUsed(store: VaultStore): Promise<boolean> {
  return (await store.dataKeys()).length > 0 || (await store.instances()).length > 0;
}
