import { AppError } from "../../errors.ts";
import type { Time } from "../../types/runtime.ts";
import type { DataKeyRecord, VaultStore } from "../../types/vault.ts";
import { importSealingKey, randomKey } from "./crypto.ts";
import { CHECK, type MasterKeyring } from "./master-keyring.ts";
import { wrapDataKey } from "./master-keys.ts";
import { keyLost, tooBusy, unreadableLedger } from "./vault-faults.ts";

/** Encryptions that are counted at once, so that most writes need not count. */
const BLOCK = 16;
const MAX_TRIES = 10;

export interface KeyringDeps {
  readonly store: VaultStore;
  readonly masters: MasterKeyring;
  readonly time: Time;
  /** Encryptions with one data key. */
  readonly useLimit: number;
}

/** A data key to seal with. */
export interface ActiveKey {
  readonly keyId: string;
  readonly key: CryptoKey;
}

interface KnownKey {
  readonly record: DataKeyRecord;
  /** Unwrapped when it is first needed. */
  opened: Promise<CryptoKey | null> | null;
}

/** The data keys: unwrapped when they are needed, counted when they seal, replaced when they have sealed enough. */
export class Keyring {
  readonly useLimit: number;
  /** Is told when a key has sealed enough and another has taken its place. */
  onReplaced: (instanceId: string) => void = () => undefined;
  readonly #store: VaultStore;
  readonly #masters: MasterKeyring;
  readonly #time: Time;
  #known = new Map<string, KnownKey>();
  #loading: Promise<void> = Promise.resolve();
  #nextLoad: Promise<void> | null = null;
  readonly #counted = new Map<string, { readonly keyId: string; left: number }>();
  readonly #madeHere = new Set<string>();

  constructor({ store, masters, time, useLimit }: KeyringDeps) {
    if (!Number.isSafeInteger(useLimit) || useLimit < 1 || useLimit > 2 ** 32) {
      throw new AppError("CONFIG_INVALID", "A data key seals between 1 and 2^32 times.");
    }
    this.useLimit = useLimit;
    this.#store = store;
    this.#masters = masters;
    this.#time = time;
  }

  /**
   * The bytes of a key that the server itself uses; made when there is none. They are the caller's to zero.
   *
   * @throws AppError `VAULT_KEY_WRONG` when it does not open
   */
  async systemKey(name: `$${string}`): Promise<Uint8Array<ArrayBuffer>> {
    await this.reload();
    const record = this.activeOf(name) ?? (await this.#add(name, null));
    const bytes = await this.#masters.unwrap(record);
    if (bytes === null) throw keyLost(`its key "${name}" is not the one that was stored`);
    return bytes;
  }

  /** Whether the server's own key is there. */
  async hasSystemKey(name: `$${string}`): Promise<boolean> {
    await this.reload();
    return this.activeOf(name) !== null;
  }

  /** A key of an instance; `null` when it is not stored, is another instance's, or does not open. */
  async key(keyId: string, instanceId: string): Promise<CryptoKey | null> {
    return (await this.#find(keyId, instanceId)) ?? this.#findAnew(keyId, instanceId);
  }

  /**
   * A key to seal one secret with, which has been counted. Under the instance's lease.
   *
   * @param isFirst that the instance has no ledger: a key that was there before may have sealed for one that is gone, so
   * it seals no more
   */
  async takeUse(instanceId: string, isFirst: boolean): Promise<ActiveKey> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const counted = this.#counted.get(instanceId);
      if (counted !== undefined && counted.left > 0) {
        counted.left--;
        return { keyId: counted.keyId, key: await this.#mustOpen(counted.keyId, instanceId) };
      }
      const { id: keyId } = await this.#activeFor(instanceId, isFirst);
      await this.#mustOpen(keyId, instanceId);
      const count = Math.min(BLOCK, this.useLimit);
      if (await this.#store.countUses(keyId, count, this.useLimit)) {
        this.#counted.set(instanceId, { keyId, left: count });
        continue;
      }
      // It has sealed enough, or is not active any more.
      await this.reload();
      if (this.activeOf(instanceId)?.id !== keyId) continue;
      await this.#add(instanceId, keyId);
      this.onReplaced(instanceId);
    }
    throw tooBusy(`The data key of "${instanceId}"`);
  }

  /** Forgets what was counted: another process may have replaced the key since. */
  forgetUses(instanceId: string): void {
    this.#counted.delete(instanceId);
  }

  /** Gives an instance a new active key, in the place of the one that it has. Under the instance's lease. */
  async replace(instanceId: string): Promise<void> {
    await this.reload();
    await this.#add(instanceId, this.activeOf(instanceId)?.id ?? null);
    this.#counted.delete(instanceId);
  }

  /** As of the last reading. */
  records(): readonly DataKeyRecord[] {
    return [...this.#known.values()].map(({ record }) => record);
  }

  activeOf(instanceId: string): DataKeyRecord | null {
    const isActive = (record: DataKeyRecord) =>
      record.instanceId === instanceId && record.state === "active";
    return this.records().find(isActive) ?? null;
  }

  /** Reads all records anew, as of a moment after the call. Those who ask at once share one reading. */
  reload(): Promise<void> {
    this.#nextLoad ??= this.#loading.then(() => {
      this.#nextLoad = null;
      const load = this.#load();
      this.#loading = load.catch(() => undefined);
      return load;
    });
    return this.#nextLoad;
  }

  async #find(keyId: string, instanceId: string): Promise<CryptoKey | null> {
    const known = this.#known.get(keyId);
    return known?.record.instanceId === instanceId ? this.#open(known) : null;
  }

  /** It may have been added since, or wrapped by another master key. */
  async #findAnew(keyId: string, instanceId: string): Promise<CryptoKey | null> {
    await this.reload();
    return this.#find(keyId, instanceId);
  }

  async #load(): Promise<void> {
    const known = new Map<string, KnownKey>();
    for (const record of await this.#store.dataKeys()) {
      const before = this.#known.get(record.id);
      // A key stays what it is, however it is wrapped.
      const isSame = before?.record.instanceId === record.instanceId;
      known.set(record.id, { record, opened: isSame ? before.opened : null });
    }
    this.#known = known;
  }

  async #open(known: KnownKey): Promise<CryptoKey | null> {
    known.opened ??= this.#unwrap(known.record);
    try {
      const key = await known.opened;
      // Another process may have wrapped it by a key that this one does not have yet.
      if (key === null) known.opened = null;
      return key;
    } catch (error) {
      known.opened = null;
      throw error;
    }
  }

  async #unwrap(record: DataKeyRecord): Promise<CryptoKey | null> {
    const bytes = await this.#masters.unwrap(record);
    return bytes === null ? null : importSealingKey(bytes);
  }

  async #mustOpen(keyId: string, instanceId: string): Promise<CryptoKey> {
    const key = await this.key(keyId, instanceId);
    if (key !== null) return key;
    throw unreadableLedger(instanceId, `its data key ${keyId} does not open`);
  }

  async #activeFor(instanceId: string, isFirst: boolean): Promise<DataKeyRecord> {
    await this.reload();
    const active = this.activeOf(instanceId);
    if (active === null) return this.#add(instanceId, null);
    if (!isFirst || this.#madeHere.has(active.id)) return active;
    const replacing = await this.#add(instanceId, active.id);
    this.onReplaced(instanceId);
    return replacing;
  }

  /** Answers the key that is active then, whoever has made it. */
  async #add(instanceId: string, replaces: string | null): Promise<DataKeyRecord> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const id = crypto.randomUUID();
      const bytes = randomKey();
      try {
        const record: DataKeyRecord = {
          id,
          instanceId,
          ...(await wrapDataKey(this.#masters.inForce, { id, instanceId }, bytes)),
          state: "active",
          createdAt: this.#time.now(),
          uses: 0,
        };
        const guard = { name: CHECK, value: this.#masters.check };
        if (await this.#store.addDataKey(record, replaces, guard)) this.#madeHere.add(id);
      } finally {
        bytes.fill(0);
      }
      await this.reload();
      const active = this.activeOf(instanceId);
      if (active !== null && active.id !== replaces) return active;
      // The master key has been rotated since.
      await this.#masters.reload();
    }
    throw tooBusy(`The data key of "${instanceId}"`);
  }
}
