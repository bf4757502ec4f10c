import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  AppError,
  createAuditLog,
  createAuditRepository,
  createScrubber,
  createVaultRepository,
  readAuditKey,
  type AuditStore,
  type AuditVerification,
  type AuditVerifyWork,
  type Logger,
} from "../../src/index.ts";
import { createFileAnchor } from "./audit-anchor.ts";
import { createAuditJournal } from "./audit-journal.ts";
import { databasePath, openDatabase, type OpenDatabase } from "./database.ts";
import { hasMasterKey, masterKeysOf } from "./master-keys.ts";
import { assertKeyFits } from "./open-vault.ts";
import { systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { assertOwnStores, assertStoresThere } from "./stores-guard.ts";

/** The audit record for reading, beside whoever writes it. Leaves no trace in it. */
export interface AuditReader {
  readonly stores: readonly AuditStore[];
  /** @throws AppError `VAULT_KEY_WRONG` when its key does not open */
  verify(onProgress: AuditVerifyWork["onProgress"]): Promise<AuditVerification>;
  close(): Promise<void>;
}

/** @throws AppError `CONFIG_INVALID` when there is no record, or the data folder is another user's */
export async function openAuditReader(settings: Settings, logger: Logger): Promise<AuditReader> {
  // Opening a database writes beside it.
  assertOwnStores(settings);
  // A journal can be read without the database.
  if (!existsSync(settings.audit.folder)) assertStoresThere(settings);
  const database = await openIfThere(settings);
  const stores: AuditStore[] = [createAuditJournal({ folder: settings.audit.folder })];
  if (database !== null) stores.push(createAuditRepository(database));
  return {
    stores,
    async verify(onProgress) {
      const key = database === null ? null : await openKey(settings, database);
      if (key === null) {
        throw new AppError(
          "CONFIG_INVALID",
          `There is no audit record in ${settings.dataDir} that could be checked: its key is made with the first record.`,
        );
      }
      const { anchorFile } = settings.audit;
      const log = createAuditLog({
        key,
        sinks: stores,
        anchors: anchorFile === null ? [] : [createFileAnchor(anchorFile)],
        scrubber: createScrubber(),
        time: systemTime,
        logger,
      });
      return log.verify({ ...(onProgress && { onProgress }), wait: (ms) => pause(ms) });
    },
    async close() {
      for (const store of stores) await store.close?.();
      database?.close();
    },
  };
}

/** A database that is not there is not made. */
async function openIfThere({ databaseUrl, secrets }: Settings): Promise<OpenDatabase | null> {
  const path = databasePath(databaseUrl);
  if (path !== null && !existsSync(path)) return null;
  return openDatabase(databaseUrl, secrets.databaseToken);
}

async function openKey(settings: Settings, database: OpenDatabase): Promise<Uint8Array | null> {
  await assertKeyFits(settings, database);
  // Nothing has been recorded yet, and no key is made for looking at that.
  if (!hasMasterKey(settings)) return null;
  return readAuditKey({
    store: createVaultRepository(database),
    masterKeys: masterKeysOf(settings),
    time: systemTime,
  });
}
