import {
  createScrubber,
  type InstanceEntry,
  type Logger,
  type OpenedVault,
  type Scrubber,
} from "../../src/index.ts";
import { prepareDataFolder } from "./data-folder.ts";
import { openDatabase, type OpenDatabase } from "./database.ts";
import { endInReverse, type Ends } from "./ends.ts";
import { masterKeysOf } from "./master-keys.ts";
import { openNodeVault } from "./open-vault.ts";
import { readPluginsFile } from "./plugins-file.ts";
import type { Settings } from "./settings.ts";
import { ownerFault } from "./stores-guard.ts";

/** What the server keeps, on this machine's disk or elsewhere. */
export interface NodeStores extends Pick<OpenedVault, "vault" | "audit" | "stateKey" | "turns"> {
  /** Entries of the plugins file. */
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  readonly database: OpenDatabase;
  /** Knows the secrets of the environment, and learns those of the vault. */
  readonly scrubber: Scrubber;
  /** Lets what is under way end, and closes all of it. Whoever opened the stores calls it, after the app is closed. */
  close(): Promise<void>;
}

export interface StoresOptions {
  /** One that the log has already; a new one when left out. */
  readonly scrubber?: Scrubber;
}

/**
 * Reads the plugins file and opens data folder, database, vault and audit record, making what is not there yet.
 *
 * @throws AppError `CONFIG_INVALID` or `VAULT_KEY_WRONG`, saying what to change; nothing is open then
 */
export async function openStores(
  settings: Settings,
  logger: Logger,
  { scrubber = createScrubber() }: StoresOptions = {},
): Promise<NodeStores> {
  for (const secret of Object.values(settings.secrets)) {
    if (secret !== null) scrubber.learn(Buffer.from(secret));
  }
  const entries = readPluginsFile(settings);
  // Commands refuse. A server is often meant: a container's user may be another than the one who filled its volume.
  const fault = ownerFault(settings);
  if (fault !== null) logger.warn(fault);
  prepareDataFolder(settings.dataDir);
  const database = await openDatabase(settings.databaseUrl, settings.secrets.databaseToken);
  const ends: Ends = [() => database.close()];
  try {
    const opened = await openNodeVault({ settings, database, scrubber, logger });
    ends.push(() => opened.close());
    const { vault, audit, stateKey, turns } = opened;
    const masterKey = await masterKeysOf(settings).current();
    scrubber.learn(masterKey);
    masterKey.fill(0);
    return {
      entries,
      database,
      vault,
      audit,
      stateKey,
      turns,
      scrubber,
      close: () => endInReverse(ends),
    };
  } catch (error) {
    await endInReverse(ends);
    throw error;
  }
}
