import { AppError } from "../../errors.ts";
import type { LearnedSecret, Scrubber } from "../../types/scrubber.ts";
import type {
  CredentialId,
  CredentialListing,
  LedgerEntry,
  Owner,
  OwnerVault,
  VaultActor,
} from "../../types/vault.ts";
import { assertCredentialValue } from "../../util/credential-names.ts";
import { allocateSecret } from "../../util/secret-bytes.ts";
import {
  assertInstanceId,
  assertSecret,
  isReservedName,
  toCredentialId,
  type NameSpace,
} from "./credential-ids.ts";
import type { CredentialRecords } from "./credential-records.ts";
import type { Ledgers } from "./ledger.ts";
import { actOn, type VaultAudit } from "./vault-audit.ts";
import { atDoor } from "./vault-faults.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What the vault's scrubber calls the secrets of entries: learning one again at each use takes a keyed hash of it. */
const LEARNED = new WeakMap<LedgerEntry, LearnedSecret>();

export interface OwnerCredentialsDeps {
  readonly records: CredentialRecords;
  readonly ledgers: Ledgers;
  readonly audit: VaultAudit;
  readonly scrubber: Scrubber;
  /** Hears of what was stored or deleted. */
  readonly onChange: (id: CredentialId) => void;
}

/** Credentials of one owner, used on behalf of somebody. */
export class OwnerCredentials implements OwnerVault {
  readonly #deps: OwnerCredentialsDeps;
  readonly #owner: Owner;
  readonly #actor: VaultActor;
  readonly #names: NameSpace;

  constructor(deps: OwnerCredentialsDeps, owner: Owner, actor: VaultActor, names: NameSpace) {
    this.#deps = deps;
    this.#owner = owner;
    this.#actor = actor;
    this.#names = names;
  }

  async useCredential<T>(
    pluginId: string,
    credentialId: string,
    use: (secret: Uint8Array) => T | Promise<T>,
    action: "credential.read" | "credential.sign" = "credential.read",
  ): Promise<{ readonly value: T } | null> {
    const id = toCredentialId(this.#owner, pluginId, credentialId, this.#names);
    const secret = await this.#read(id, action);
    if (secret === null) return null;
    try {
      return { value: await use(secret) };
    } finally {
      secret.fill(0);
    }
  }

  async retrieveCredential(pluginId: string, credentialId: string): Promise<string> {
    const found = await this.useCredential(pluginId, credentialId, toText);
    if (found !== null) return found.value;
    throw new AppError(
      "CREDENTIAL_NOT_FOUND",
      `"${pluginId}" has no credential "${credentialId}" of ${this.#owner}.`,
    );
  }

  async storeCredential(pluginId: string, credentialId: string, value: string): Promise<void> {
    assertCredentialValue(value);
    // Three bytes for a unit of UTF-16 at most, and none left over that nobody zeroes.
    const bytes = allocateSecret(value.length * 3);
    const { written } = encoder.encodeInto(value, bytes);
    try {
      await this.storeCredentialBytes(pluginId, credentialId, bytes.subarray(0, written));
    } finally {
      bytes.fill(0);
    }
  }

  async storeCredentialBytes(
    pluginId: string,
    credentialId: string,
    secret: Uint8Array,
    assertWanted?: () => Promise<void>,
  ): Promise<void> {
    assertSecret(secret);
    try {
      const id = toCredentialId(this.#owner, pluginId, credentialId, this.#names);
      const { records, audit, scrubber, onChange } = this.#deps;
      scrubber.learn(secret);
      await audit.change(
        actOn(id, this.#actor, "credential.write"),
        () => atDoor(() => records.write(id, secret, undefined, assertWanted)),
        ({ sequence }) => ({ sequence }),
      );
      onChange(id);
    } finally {
      secret.fill(0);
    }
  }

  async deleteCredential(
    pluginId: string,
    credentialId: string,
    assertWanted?: () => Promise<void>,
  ): Promise<void> {
    const id = toCredentialId(this.#owner, pluginId, credentialId, this.#names);
    const { records, audit, onChange } = this.#deps;
    await audit.change(actOn(id, this.#actor, "credential.delete"), () =>
      atDoor(() => records.remove(id, () => onChange(id), assertWanted)),
    );
  }

  async listCredentials(pluginId: string): Promise<string[]> {
    return (await this.listings(pluginId)).map(({ name }) => name);
  }

  async listings(pluginId: string): Promise<readonly CredentialListing[]> {
    assertInstanceId(pluginId);
    const ledger = await atDoor(() => this.#deps.ledgers.current(pluginId));
    return ledger
      .entries()
      .filter(({ owner, name }) => owner === this.#owner && this.#speaksOf(name))
      .map(toListing)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The secret, once it is on record that it was read. */
  async #read(id: CredentialId, action: "credential.read" | "credential.sign") {
    const { records, audit, scrubber } = this.#deps;
    const act = actOn(id, this.#actor, action);
    let opened;
    try {
      opened = await atDoor(() => records.read(id));
    } catch (error) {
      await audit.recordFailure(act, error);
      throw error;
    }
    if (opened === null) {
      await audit.record(act, "refused", { reason: "absent" });
      return null;
    }
    const { secret, record, entry } = opened;
    try {
      // A record of the entry's own sequence is always the same one.
      const learned = record.sequence === entry.sequence ? LEARNED.get(entry) : undefined;
      if (learned === undefined || !scrubber.knows(learned)) {
        const now = scrubber.learn(secret);
        if (now !== null && record.sequence === entry.sequence) LEARNED.set(entry, now);
      }
      await audit.record(act, "ok", { sequence: record.sequence });
      return secret;
    } catch (error) {
      secret.fill(0);
      throw error;
    }
  }

  #speaksOf(name: string): boolean {
    return isReservedName(name) === (this.#names === "reserved");
  }
}

/** Without the ledger's own members. */
export function toListing({
  owner,
  instanceId,
  name,
  createdAt,
  updatedAt,
}: CredentialListing): CredentialListing {
  return { owner, instanceId, name, createdAt, updatedAt };
}

function toText(secret: Uint8Array): string {
  try {
    return decoder.decode(secret);
  } catch {
    throw new AppError("CREDENTIAL_INVALID", "The credential is not a text; use its bytes.");
  }
}
