import { messageOf } from "../../errors.ts";
import type { AuditAnchor, AuditSink } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { HmacSha256, Time } from "../../types/runtime.ts";
import type { Scrubber } from "../../types/scrubber.ts";
import type { CredentialDriver, MasterKeyProvider, Vault, VaultStore } from "../../types/vault.ts";
import { createAuditLog, type AuditTrail } from "../audit.ts";
import { BackgroundRotation } from "./background-rotation.ts";
import { CredentialRecords } from "./credential-records.ts";
import { importMacKey } from "./crypto.ts";
import { DataKeyRotation } from "./data-key-rotation.ts";
import { InstanceWrites, type Turns } from "./instance-writes.ts";
import { Keyring } from "./keyring.ts";
import { Ledgers } from "./ledger.ts";
import { MasterKeyring } from "./master-keyring.ts";
import { MasterRotation } from "./master-rotation.ts";
import { ChangeListeners, createVault } from "./vault.ts";
import { VaultAudit } from "./vault-audit.ts";
import { atDoor, keyWrong, toVaultError } from "./vault-faults.ts";
import { WriteLeases } from "./write-leases.ts";

/** Far below the 2^32 that random IVs allow. */
const USE_LIMIT = 2 ** 24;

export interface OpenVaultDeps {
  readonly store: VaultStore;
  readonly driver: CredentialDriver;
  readonly masterKeys: MasterKeyProvider;
  /** One at least. */
  readonly auditSinks: readonly AuditSink[];
  readonly auditAnchors?: readonly AuditAnchor[];
  readonly scrubber: Scrubber;
  readonly time: Time;
  readonly logger: Logger;
  /** Encryptions with one data key, after which another one takes its place; 2^24 when left out. */
  readonly useLimit?: number;
  /** For the audit record; one that runs everywhere when left out. */
  readonly hmac?: HmacSha256;
}

export interface OpenedVault {
  readonly vault: Vault;
  readonly audit: AuditTrail;
  /** For what else must be done by one process at a time. Names with a dot in them are nobody's of the vault's. */
  readonly turns: Turns;
  /**
   * The key for what clients carry from one call to the next: the same for all processes on the store, before and after a
   * rotation of the master key. 32 bytes, for the caller to zero; made when there is none.
   *
   * @throws AppError `VAULT_UNAVAILABLE`
   */
  readonly stateKey: () => Promise<Uint8Array>;
  /** Lets writes end, then closes the audit log with its sinks, and the driver. The store stays its owner's. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the vault of a store, or begins one in a store that never had any. What an interrupted rotation has left is done
 * on the way (master key) or soon after (data keys).
 *
 * @throws AppError `VAULT_KEY_WRONG`: nothing was changed; `VAULT_UNAVAILABLE`; `CONFIG_INVALID`. Driver and sinks are not
 * closed then.
 */
export async function openVault(deps: OpenVaultDeps): Promise<OpenedVault> {
  try {
    return await open(deps);
  } catch (error) {
    throw toVaultError(error);
  }
}

async function open({
  store,
  driver,
  masterKeys: provider,
  auditSinks: sinks,
  auditAnchors: anchors = [],
  scrubber,
  time,
  logger,
  useLimit = USE_LIMIT,
  hmac,
}: OpenVaultDeps): Promise<OpenedVault> {
  const masterKeys = await MasterKeyring.open(store, provider);
  const keyring = new Keyring({ store, masters: masterKeys, time, useLimit });
  await assertWhole(store, keyring);
  const leases = new WriteLeases(store, time);
  const masters = new MasterRotation({ store, provider, masterKeys, leases });
  if (masterKeys.isPending) await resumeMaster(masters, logger);
  const auditKey = await keyring.systemKey("$audit");
  const ledgerKey = await importMacKey(await keyring.systemKey("$ledger"));
  const log = createAuditLog({ key: auditKey, sinks, anchors, scrubber, time, logger, hmac });

  const ledgers = new Ledgers(store, ledgerKey, time);
  const writes = new InstanceWrites(leases);
  const isInStore = driver.database !== undefined && driver.database === store.database;
  const records = new CredentialRecords({ driver, isInStore, keyring, ledgers, writes, time });
  const keys = new DataKeyRotation({ store, keyring, ledgers, records, writes, logger });
  const audit = new VaultAudit(log, logger);
  const listeners = new ChangeListeners(logger);
  const background = new BackgroundRotation(keys, audit, logger);
  keyring.onReplaced = () => background.start();
  background.start();
  const vault = createVault(
    {
      store,
      driver,
      ledgers,
      records,
      keys,
      masters,
      keyring,
      masterKeys,
      scrubber,
      audit,
      now: () => time.now(),
      onChange: (id) => listeners.tell(id),
    },
    listeners,
  );
  return {
    vault,
    audit: log,
    turns: writes,
    stateKey: () => atDoor(() => keyring.systemKey("$state")),
    close: async () => {
      keys.stop();
      await background.idle();
      await writes.idle();
      await log.close();
      await driver.close?.();
    },
  };
}

/** A store in which only some of the vault's parts are left would be taken for a new one, and the old parts with it. */
async function assertWhole(store: VaultStore, keyring: Keyring): Promise<void> {
  // In this order: who begins a vault makes the audit's key, the ledgers' key and then the first ledger.
  const hasLedgers = (await store.instances()).length > 0;
  const hasLedgerKey = await keyring.hasSystemKey("$ledger");
  const hasAuditKey = await keyring.hasSystemKey("$audit");
  const isDamaged = hasLedgerKey ? !hasAuditKey : hasLedgers;
  if (isDamaged) throw keyWrong("the server's own data keys are gone");
}

/** Every record can be read without it, so it holds up no start. */
async function resumeMaster(masters: MasterRotation, logger: Logger): Promise<void> {
  try {
    await masters.resume();
    logger.info("The rotation of the master key has ended");
  } catch (error) {
    logger.error("The rotation of the master key could not be ended", { error: messageOf(error) });
  }
}
