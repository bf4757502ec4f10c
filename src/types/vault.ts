/**
 * Whose a credential is: `shared` by all who may use the instance, `client:<id>`, or `user:<issuer hash>:<subject>`.
 * Stable over the rotation of anybody's key.
 */
export type Owner = "shared" | `client:${string}` | `user:${string}`;

/** Names one credential: nothing else tells two apart. */
export interface CredentialId {
  readonly owner: Owner;
  readonly instanceId: string;
  /** `[A-Za-z][A-Za-z0-9_.-]{0,63}`; a `$` in front makes it the server's own, which no plugin reaches. */
  readonly name: string;
}

/** What may be told of a credential: its name and dates, never its value. Times are epoch milliseconds. */
export interface CredentialListing extends CredentialId {
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The brief's interface: credentials of one owner. `pluginId` is an instance's id. */
export interface SecureStorage {
  storeCredential(pluginId: string, credentialId: string, value: string): Promise<void>;
  /** @throws AppError `CREDENTIAL_NOT_FOUND` when there is none */
  retrieveCredential(pluginId: string, credentialId: string): Promise<string>;
  /** Does nothing more when there is none. */
  deleteCredential(pluginId: string, credentialId: string): Promise<void>;
  listCredentials(pluginId: string): Promise<string[]>;
}

/**
 * Where sealed credentials lie: in the database, in files, in a cloud's store. It sees no plaintext and no key; what it
 * holds is text that only the vault can open, and the vault finds out when it hands over another record, an older one, or
 * half of one.
 *
 * A driver throws for what its store cannot do (AppError `VAULT_UNAVAILABLE`: down, throttled, full, read-only) and for a
 * record of which nothing whole is there (`CREDENTIAL_UNREADABLE`); absence is `null`. A `write` that resolved survives a
 * crash of the process and, where the driver owns the disk, a power cut. After one that rejected, either the record before it
 * or the new one is there, whole. Contract: `test/contract/credential-driver.ts`.
 */
export interface CredentialDriver {
  readonly kind: CredentialDriverKind;
  /** Where the records lie. If that is the database of the vault's store, its `commit` changes record and ledger together. */
  readonly database?: object;
  /** @param fresh asks the store itself, where the driver would answer with what it read a short time ago */
  read(id: CredentialId, fresh?: boolean): Promise<string | null>;
  write(id: CredentialId, sealed: string): Promise<void>;
  /** Also of one that is not there. Nothing of its text is left in what the driver can overwrite. */
  remove(id: CredentialId): Promise<void>;
  close?(): Promise<void>;
}

export type CredentialDriverKind = "memory" | "database" | "file" | "aws" | "azure";

/** A data key as stored: wrapped by the master key. */
export interface DataKeyRecord {
  /** Lower-case UUID; stands in every record that the key has sealed. */
  readonly id: string;
  /** The instance whose credentials it seals. `$audit` is the audit record's own key. */
  readonly instanceId: string;
  readonly masterKeyId: string;
  readonly wrapped: string;
  /** `retiring`: seals nothing any more, and goes when its last record has been sealed anew. One is active an instance. */
  readonly state: "active" | "retiring";
  readonly createdAt: number;
  /** Encryptions begun with it, never too few. */
  readonly uses: number;
}

/** A credential as the ledger of its instance has it. */
export interface LedgerEntry extends CredentialListing {
  /** The ledger's version at which it was sealed: grows with every change in the instance, so it never comes back. */
  readonly sequence: number;
  readonly keyId: string;
  /** The end of the record's text, with its authentication tag: another of this sequence is of somebody who came too late. */
  readonly tag: string;
}

/**
 * What credentials an instance has, and how old each is. `seal` authenticates all of it, so that a record that somebody put
 * back to an earlier state shows.
 */
export interface Ledger {
  readonly instanceId: string;
  /** Grows by one with each change. */
  readonly version: number;
  readonly seal: string;
  readonly entries: readonly LedgerEntry[];
}

/** One change of a ledger. */
export interface LedgerChange {
  readonly instanceId: string;
  /** The version that it was made from; 0 when there is no ledger yet. The next is one more. */
  readonly from: number;
  readonly seal: string;
  /**
   * Added, or in the place of the entry with the same owner and name. Refused when its data key is not stored any more, so
   * that a slow writer cannot leave a record that nothing opens: read the keys again.
   */
  readonly put?: LedgerEntry;
  /** The record of `put`, where the driver's records lie in the same database. */
  readonly sealed?: string;
  /** With its record, where that lies in the same database; nothing of its text is left in what the store can overwrite. */
  readonly remove?: Pick<CredentialId, "owner" | "name">;
}

/**
 * What the vault keeps beside the sealed credentials: data keys, ledgers and a few values by name. Every change compares
 * before it sets, in one statement or one atomic group, so that several processes may share a store; `false` says that
 * somebody else came first and nothing was changed. Contract: `test/contract/vault-store.ts`.
 */
export interface VaultStore {
  /** Where it lies, for a driver to share: see `LedgerChange.sealed`. */
  readonly database?: object;
  value(name: string): Promise<string | null>;
  /** @param expected what must stand there, `null` for nothing */
  setValue(name: string, value: string, expected: string | null): Promise<boolean>;

  dataKeys(): Promise<readonly DataKeyRecord[]>;
  /**
   * Adds an active data key, and makes the instance's active one retiring, if `replaces` names it. `false` when the instance
   * has another active key than that, or the value `guard.name` is not `guard.value` any more.
   */
  addDataKey(key: DataKeyRecord, replaces: string | null, guard: StoreGuard): Promise<boolean>;
  /** Puts a key's wrapping by another master key in the place of the old one. */
  rewrapDataKey(
    id: string,
    from: string,
    to: Pick<DataKeyRecord, "wrapped" | "masterKeyId">,
  ): Promise<boolean>;
  /** Counts `count` more encryptions; `false` when that would exceed `limit`, or the key is not active. */
  countUses(id: string, count: number, limit: number): Promise<boolean>;
  /** Removes a retiring key; `false` while an entry of a ledger names it. */
  removeDataKey(id: string): Promise<boolean>;

  /** The instances that have a ledger, sorted. */
  instances(): Promise<readonly string[]>;
  ledgerVersion(instanceId: string): Promise<number>;
  /** All of it as of one moment; `null` when there is none. */
  ledger(instanceId: string): Promise<Ledger | null>;
  commit(change: LedgerChange): Promise<boolean>;
}

export interface StoreGuard {
  readonly name: string;
  readonly value: string;
}

/**
 * Who holds the master key: the environment, a file, a key service. Each key is 32 bytes; whoever asks gets its own
 * copy and zeroes it.
 */
export interface MasterKeyProvider {
  /** Makes the first key, unless there is one. Called only for a vault that never had any; left out where others make it. */
  begin?(): Promise<void>;
  /** The key to wrap with from now on. Makes none: one that is gone would seem to be there. */
  current(): Promise<Uint8Array>;
  /** Keys that may be in force instead: the next one, while a rotation is not finished, and the one before. */
  others(): Promise<readonly Uint8Array[]>;
  /** What `rotate` needs where the provider can store keys; left out where somebody else must change them. */
  readonly rotation?: MasterKeyRotation;
}

/** The steps of storing another master key. Each may be repeated after an interruption, and may come late. */
export interface MasterKeyRotation {
  /**
   * Makes the next key and stores it beside the current one, or answers one that an interrupted rotation left. `others` has it
   * from then on.
   */
  prepare(): Promise<Uint8Array>;
  /**
   * Puts the next key in the place of the current one, which `others` has from then on, if it is `expected`: the one that
   * everything is wrapped with. `false`, with nothing changed, when that is neither the next key nor the current one.
   */
  finish(expected: Uint8Array): Promise<boolean>;
}

/** On whose behalf something is done with credentials: this stands in the audit record. */
export interface VaultActor {
  /** `plugin:<instance>`, `client:<id>`, `user:<id>` or `system`. */
  readonly actor: string;
  readonly requestId: string | null;
  /** Asked for when something is recorded: what else was going on, such as the calls under way. */
  readonly detail?: () => Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/**
 * Credentials of one owner. Names with `$` do not exist here (AppError `CREDENTIAL_INVALID`), except where the vault was
 * asked for the server's own.
 */
export interface OwnerVault extends SecureStorage {
  /**
   * Hands the secret's bytes to `use` and zeroes them when that has ended; `use` must not keep them. Answers `null`, without
   * calling it, when there is no such credential.
   *
   * @param action how it is recorded; `credential.read` when left out
   * @throws AppError `CREDENTIAL_UNREADABLE`, `VAULT_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  useCredential<T>(
    pluginId: string,
    credentialId: string,
    use: (secret: Uint8Array) => T | Promise<T>,
    action?: "credential.read" | "credential.sign",
  ): Promise<{ readonly value: T } | null>;
  /**
   * As `storeCredential`; the bytes are zeroed when it has ended.
   *
   * @param assertWanted asked when the vault has looked at the instance's ledger, and again whenever somebody has changed that
   *   before this is stored; what it throws is thrown, and nothing is stored
   */
  storeCredentialBytes(
    pluginId: string,
    credentialId: string,
    secret: Uint8Array,
    assertWanted?: () => Promise<void>,
  ): Promise<void>;
  /** As `deleteCredential`, with the same question before. */
  deleteCredential(
    pluginId: string,
    credentialId: string,
    assertWanted?: () => Promise<void>,
  ): Promise<void>;
  /** Names and dates, sorted by name. No value is read for it, so nothing is recorded. */
  listings(pluginId: string): Promise<readonly CredentialListing[]>;
}

/** What a long piece of work on the vault has done so far. */
export interface VaultProgress {
  readonly done: number;
  readonly total: number;
}

export interface VaultWork {
  readonly actor: VaultActor;
  readonly onProgress?: (progress: VaultProgress) => void;
}

export interface VaultStatus {
  readonly driver: CredentialDriverKind;
  readonly masterKeyId: string;
  /** Whether data keys are wrapped by another master key still: a rotation was interrupted, or is under way. */
  readonly masterRotationPending: boolean;
  readonly instances: readonly {
    readonly instanceId: string;
    readonly credentials: number;
    readonly dataKeyId: string;
    readonly dataKeyCreatedAt: number;
    /** Encryptions, of the limit at which the key is replaced by itself. */
    readonly uses: number;
    readonly useLimit: number;
    /** Credentials that an older key has sealed. */
    readonly pending: number;
  }[];
}

/** What is wrong with a credential, or with an instance's ledger (`name` is empty then). */
export interface VaultFault extends CredentialId {
  readonly reason: string;
}

/** The encrypted credentials of all plugins. Each method that touches a value leaves an audit record, or does not happen. */
export interface Vault {
  for(owner: Owner, actor: VaultActor): OwnerVault;
  /** The same with the server's own `$` names, and with those alone. */
  reserved(owner: Owner, actor: VaultActor): OwnerVault;
  /** Names and dates of all owners' credentials of an instance, without `$` names; of all instances when left out. */
  list(instanceId?: string): Promise<readonly CredentialListing[]>;
  /** The same of the server's own `$` names, and of those alone. */
  listReserved(instanceId: string): Promise<readonly CredentialListing[]>;
  /** Hears of every credential that this process has stored or deleted. Answers the way to end it. */
  onChange(listener: (id: CredentialId) => void): () => void;
  status(): Promise<VaultStatus>;
  /** Gives each instance (or one) a new data key and seals its credentials anew, while they are used. May be repeated. */
  rotateDataKeys(work: VaultWork & { readonly instanceId?: string }): Promise<void>;
  /**
   * Wraps every data key by the provider's next master key, and makes that the current one.
   *
   * @throws AppError `CONFIG_INVALID` that says what to do, where the provider cannot store a key
   */
  rotateMasterKey(work: VaultWork): Promise<void>;
  /** Opens every credential and checks every ledger; answers what is wrong. Changes nothing but what a crash left behind. */
  verify(
    work: VaultWork,
  ): Promise<{ readonly checked: number; readonly faults: readonly VaultFault[] }>;
  /** All credentials, also `$` ones, as one text that only the passphrase opens. */
  exportBackup(work: VaultWork & { readonly passphrase: Uint8Array }): Promise<string>;
  /**
   * Stores what a backup holds, over what is there under the same names.
   *
   * @throws AppError `BACKUP_INVALID`; nothing was stored then
   */
  importBackup(
    work: VaultWork & { readonly passphrase: Uint8Array; readonly backup: string },
  ): Promise<{ readonly imported: number }>;
}
