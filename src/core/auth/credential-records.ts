import { AppError } from "../../errors.ts";
import type { Time } from "../../types/runtime.ts";
import type { CredentialDriver, CredentialId, LedgerEntry } from "../../types/vault.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { sleep } from "../../util/sleep.ts";
import type { InstanceWrites } from "./instance-writes.ts";
import type { Keyring } from "./keyring.ts";
import type { Ledgers, OpenLedger } from "./ledger.ts";
import {
  openRecord,
  parseRecord,
  recordBinding,
  recordTag,
  sealRecord,
  type RecordFault,
  type SealedRecord,
} from "./sealed-record.ts";
import { tooBusy, unreadable, unreadableReason } from "./vault-faults.ts";
import type { Lease } from "./write-leases.ts";

/** Between a look at the ledger and one at the record, another process may change both. */
const WAITS_MS = [0, 0, 0];
/** A cloud's store may answer with what it had a moment ago. */
const CLOUD_WAITS_MS = [0, 50, 200, 800, 2_000];
const MAX_TRIES = 10;

export type ReadFault =
  | RecordFault
  | "absent"
  | "older-than-ledger"
  | "other-than-ledger"
  | "ahead-of-ledger"
  | "unknown-key"
  | "not-authentic"
  | "not-the-committed-record"
  | "lost-by-driver";

export interface OpenedCredential {
  /** As it stood when the secret was read. */
  readonly ledger: OpenLedger;
  /** For whoever gets it to zero. No other buffer holds it. */
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly entry: LedgerEntry;
  /** Other than the entry's when a crash prevented the commit. */
  readonly record: Pick<LedgerEntry, "keyId" | "sequence" | "tag">;
}

export interface CredentialRecordsDeps {
  readonly driver: CredentialDriver;
  /** Whether a commit of the ledger changes the driver's record, too: nobody can come between them then. */
  readonly isInStore: boolean;
  readonly keyring: Keyring;
  readonly ledgers: Ledgers;
  readonly writes: InstanceWrites;
  readonly time: Time;
}

/** Credentials as records in a driver and entries in a ledger, which together say what is there. Nothing is audited here. */
export class CredentialRecords {
  readonly #deps: CredentialRecordsDeps;
  readonly #bindings = new WeakMap<LedgerEntry, Uint8Array<ArrayBuffer>>();

  constructor(deps: CredentialRecordsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError `CREDENTIAL_UNREADABLE`, `VAULT_UNAVAILABLE` */
  async read(id: CredentialId): Promise<OpenedCredential | null> {
    const { driver, ledgers, time } = this.#deps;
    const isCloud = driver.kind === "aws" || driver.kind === "azure";
    let fault: ReadFault = "absent";
    for (const [attempt, wait] of (isCloud ? CLOUD_WAITS_MS : WAITS_MS).entries()) {
      if (wait > 0) await sleep(time, wait);
      const ledger = await ledgers.current(id.instanceId);
      const entry = ledger.find(id.owner, id.name);
      if (entry === null) return null;
      const opened = await this.#open(ledger, entry, attempt > 0);
      if (opened.ok) return opened.value;
      fault = opened.reason;
    }
    throw unreadable(id, fault);
  }

  /** Seals and stores a secret, which stays the caller's to zero. */
  async write(
    id: CredentialId,
    secret: Uint8Array,
    dates?: Pick<LedgerEntry, "createdAt" | "updatedAt">,
    assertWanted?: () => Promise<void>,
  ): Promise<LedgerEntry> {
    return this.#deps.writes.run(id.instanceId, (lease) =>
      this.#put(lease, id, secret, dates, assertWanted),
    );
  }

  /** Seals a credential anew unless its instance's active key has sealed it. */
  async reseal(id: CredentialId, activeKeyId: string): Promise<void> {
    await this.#deps.writes.run(id.instanceId, async (lease) => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const opened = await this.read(id);
        if (opened === null) return;
        const { secret, entry, record, ledger } = opened;
        try {
          if (entry.keyId === activeKeyId && record.keyId === activeKeyId) return;
          // From the ledger that it was read under: a newer secret must not be sealed over with this one.
          if ((await this.#tryPut(lease, ledger, id, secret, entry)) !== null) return;
        } finally {
          secret.fill(0);
        }
      }
      throw tooBusy(`"${id.instanceId}"`);
    });
  }

  /** Commits a record that a crash left uncommitted. */
  async settle(id: CredentialId): Promise<void> {
    const { writes, ledgers } = this.#deps;
    await writes.run(id.instanceId, async (lease) => {
      const opened = await this.read(id);
      if (opened === null) return;
      opened.secret.fill(0);
      const { entry, record, ledger } = opened;
      if (record.sequence === entry.sequence) return;
      lease.assertHeld();
      // Where somebody has changed the ledger since, there is nothing left to settle.
      await ledgers.commit(ledger, { put: { ...entry, ...record } });
    });
  }

  /**
   * From the ledger first: from then on it is gone, whatever happens to the record.
   *
   * @param onGone is told so when there was one
   */
  async remove(
    id: CredentialId,
    onGone: () => void,
    assertWanted?: () => Promise<void>,
  ): Promise<void> {
    const { writes, ledgers, driver } = this.#deps;
    await writes.run(id.instanceId, async (lease) => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const ledger = await ledgers.current(id.instanceId);
        const isGone = ledger.find(id.owner, id.name) === null;
        await assertWanted?.();
        if (!isGone) {
          lease.assertHeld();
          if (!(await ledgers.commit(ledger, { remove: id }))) continue;
          onGone();
        }
        if (this.#deps.isInStore) return;
        // Also when it is gone from the ledger: an interrupted deletion may have left it.
        lease.assertHeld();
        await driver.remove(id);
        return;
      }
      throw tooBusy(`"${id.instanceId}"`);
    });
  }

  async #put(
    lease: Lease,
    id: CredentialId,
    secret: Uint8Array,
    dates?: Pick<LedgerEntry, "createdAt" | "updatedAt">,
    assertWanted?: () => Promise<void>,
  ): Promise<LedgerEntry> {
    const { keyring, ledgers } = this.#deps;
    const { instanceId } = id;
    if (!lease.isUnbroken) keyring.forgetUses(instanceId);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const ledger = await ledgers.current(instanceId);
      await assertWanted?.();
      const put = await this.#tryPut(lease, ledger, id, secret, dates);
      if (put !== null) return put;
    }
    throw tooBusy(`"${instanceId}"`);
  }

  /** `null` when the ledger is another by now. */
  async #tryPut(
    lease: Lease,
    ledger: OpenLedger,
    id: CredentialId,
    secret: Uint8Array,
    dates?: Pick<LedgerEntry, "createdAt" | "updatedAt">,
  ): Promise<LedgerEntry | null> {
    const { driver, keyring, ledgers, time } = this.#deps;
    const { owner, instanceId, name } = id;
    const { keyId, key } = await keyring.takeUse(instanceId, ledger.version === 0);
    const sequence = ledger.version + 1;
    const text = await sealRecord(id, { keyId, sequence, key }, secret);
    lease.assertHeld();
    if (!this.#deps.isInStore) await driver.write(id, text);
    const now = time.now();
    const createdAt = dates?.createdAt ?? ledger.find(owner, name)?.createdAt ?? now;
    const updatedAt = dates?.updatedAt ?? now;
    const tag = recordTag(text);
    const put = { owner, instanceId, name, sequence, keyId, tag, createdAt, updatedAt };
    const sealed = this.#deps.isInStore ? { sealed: text } : {};
    if (await ledgers.commit(ledger, { put, ...sealed })) return put;
    keyring.forgetUses(instanceId);
    return null;
  }

  async #open(
    ledger: OpenLedger,
    entry: LedgerEntry,
    fresh: boolean,
  ): Promise<Result<OpenedCredential, ReadFault>> {
    const text = await this.#readText(entry, fresh);
    if (!text.ok) return text;
    const parsed = parseRecord(text.value);
    if (!parsed.ok) return parsed;
    const record = parsed.value;
    if (record.sequence < entry.sequence) return refuse("older-than-ledger");
    if (record.sequence === entry.sequence && record.keyId !== entry.keyId) {
      return refuse("other-than-ledger");
    }
    // Writers come one after another, so an uncommitted record is the next one at most.
    if (record.sequence > ledger.version + 1) return refuse("ahead-of-ledger");
    const key = await this.#deps.keyring.key(record.keyId, entry.instanceId);
    if (key === null) return refuse("unknown-key");
    const secret = await openRecord(entry, record, key, this.#bindingOf(entry, record));
    if (secret === null) return refuse("not-authentic");
    const { keyId, sequence } = record;
    const tag = recordTag(text.value);
    if (sequence === entry.sequence && tag !== entry.tag) {
      // Whoever lost the lease while its write was under way has put it over the one that is committed.
      secret.fill(0);
      return refuse("not-the-committed-record");
    }
    return ok({ secret, entry, ledger, record: { keyId, sequence, tag } });
  }

  async #readText(entry: LedgerEntry, fresh: boolean): Promise<Result<string, ReadFault>> {
    try {
      const text = await this.#deps.driver.read(entry, fresh);
      return text === null ? refuse("absent") : ok(text);
    } catch (error) {
      if (error instanceof AppError && unreadableReason(error) !== null) {
        return refuse("lost-by-driver");
      }
      throw error;
    }
  }

  /** Nearly always the same as the last time. */
  #bindingOf(entry: LedgerEntry, record: SealedRecord): Uint8Array<ArrayBuffer> {
    if (record.sequence !== entry.sequence || record.keyId !== entry.keyId) {
      return recordBinding(entry, record);
    }
    let binding = this.#bindings.get(entry);
    if (binding === undefined) {
      binding = recordBinding(entry, record);
      this.#bindings.set(entry, binding);
    }
    return binding;
  }
}
