import {
  AppError,
  createAuditRepository,
  createCredentialRepository,
  createVaultRepository,
  openVault,
  readAuditKey,
  type CredentialDriver,
  type Logger,
  type OpenedVault,
  type Scrubber,
  type VaultDatabase,
  type VaultStore,
} from "../../src/index.ts";
import { createFileAnchor } from "./audit-anchor.ts";
import { createAuditJournal } from "./audit-journal.ts";
import type { OpenDatabase } from "./database.ts";
import { hasMasterKey, masterKeyPath, masterKeysOf } from "./master-keys.ts";
import { hmacSha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";

export interface NodeVaultDeps {
  readonly settings: Settings;
  readonly database: OpenDatabase;
  readonly scrubber: Scrubber;
  readonly logger: Logger;
}

/**
 * Opens vault and audit record as the settings have them, the same way for a server and for a command.
 *
 * @throws AppError `VAULT_KEY_WRONG`, `VAULT_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `CONFIG_INVALID`; nothing is open then
 */
export async function openNodeVault({
  settings,
  database,
  scrubber,
  logger,
}: NodeVaultDeps): Promise<OpenedVault> {
  const store = createVaultRepository(database);
  await assertKeyThere(settings, store);
  const { anchorFile, folder } = settings.audit;
  const driver = await openDriver(settings, database);
  try {
    return await openVault({
      store,
      driver,
      masterKeys: masterKeysOf(settings),
      auditSinks: [createAuditJournal({ folder }), createAuditRepository(database)],
      auditAnchors: anchorFile === null ? [] : [createFileAnchor(anchorFile)],
      scrubber,
      time: systemTime,
      logger,
      hmac: hmacSha256,
    });
  } catch (error) {
    await driver.close?.();
    throw withAdvice(error, settings);
  }
}

/**
 * Whether the master key is the vault's, which may never have been used. Changes nothing.
 *
 * @throws AppError `VAULT_KEY_WRONG`, saying what to do
 */
export async function assertKeyFits(settings: Settings, database: VaultDatabase): Promise<void> {
  const store = createVaultRepository(database);
  await assertKeyThere(settings, store);
  try {
    const key = await readAuditKey({ store, masterKeys: masterKeysOf(settings), time: systemTime });
    key?.fill(0);
  } catch (error) {
    throw withAdvice(error, settings);
  }
}

/** A new master key would open nothing, and stand in the way of the right one. */
async function assertKeyThere(settings: Settings, store: VaultStore): Promise<void> {
  if (hasMasterKey(settings) || (await store.dataKeys()).length === 0) return;
  throw new AppError(
    "VAULT_KEY_WRONG",
    `There are credentials in the database, and no master key: put the file ${masterKeyPath(settings.dataDir)} back, or set MCP_MASTER_KEY_FILE or MCP_MASTER_KEY.`,
  );
}

/** The vault knows nothing of where its key comes from. */
function withAdvice(error: unknown, { dataDir, secrets }: Settings): unknown {
  if (!(error instanceof AppError) || error.code !== "VAULT_KEY_WRONG") return error;
  const source =
    secrets.masterKey === null
      ? `The key is that of ${masterKeyPath(dataDir)}: put the right file there, or set MCP_MASTER_KEY_FILE or MCP_MASTER_KEY.`
      : "The key is that of MCP_MASTER_KEY: set it to the right one, and MCP_MASTER_KEY_PREVIOUS to the one before if you have replaced it.";
  return new AppError("VAULT_KEY_WRONG", `${error.message} ${source}`, { cause: error });
}

/** Each driver's own modules, and the clouds' large ones, are loaded where they are used. */
async function openDriver(
  { vault: { driver, folder, prefix, url } }: Settings,
  database: OpenDatabase,
): Promise<CredentialDriver> {
  switch (driver) {
    case "database":
      return createCredentialRepository(database);
    case "file": {
      const { createFileDriver } = await import("./credential-drivers/file.ts");
      return createFileDriver({ folder });
    }
    case "aws": {
      const { createAwsDriver } = await import("./credential-drivers/aws.ts");
      return createAwsDriver({ prefix });
    }
    case "azure": {
      const { createAzureDriver } = await import("./credential-drivers/azure.ts");
      return createAzureDriver({ vaultUrl: url!, prefix });
    }
  }
}
