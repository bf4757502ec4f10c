import {
  createApp,
  createInProcessHost,
  createInstanceRepository,
  createMemoryCredentials,
  createMemorySessions,
  stackOf,
  type App,
  type AppDeps,
  type InstanceEntry,
  type KeyRecord,
  type Logger,
} from "../../src/index.ts";
import { loadMasterKey, prepareDataFolder } from "./data-folder.ts";
import { openDatabase, type OpenDatabase } from "./database.ts";
import { importPlugin } from "./import-plugin.ts";
import { createAjvEngine } from "./json-schema.ts";
import { toServerConfig } from "./listen-rules.ts";
import { discoveryOf } from "./plugin-discovery.ts";
import { readPluginsFile } from "./plugins-file.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";
import { within } from "./within.ts";
import { createWorkerHost, type WorkerHostDeps } from "./worker-host/worker-host.ts";

/** How long a start waits for plugins before it tells where the server is, in milliseconds. */
const START_PATIENCE_MS = 10_000;

/** What the server keeps on this machine's disk. */
export interface NodeStores {
  /** Entries of the plugins file. */
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  /** Whoever opens it closes it, after the app. */
  readonly database: OpenDatabase;
}

/**
 * Reads the plugins file and opens data folder and database, making what is not there yet.
 *
 * @throws AppError `CONFIG_INVALID`, saying what to change; nothing is open then
 */
export function openStores(settings: Settings): NodeStores {
  const entries = readPluginsFile(settings);
  prepareDataFolder(settings.dataDir);
  const masterKey = loadMasterKey(settings.dataDir, settings.secrets.masterKey);
  return { entries, masterKey, database: openDatabase(settings.databaseUrl) };
}

export interface NodeAppDeps {
  readonly settings: Settings;
  readonly stores: NodeStores;
  /** Every key that lets somebody in. */
  readonly keys: readonly KeyRecord[];
  readonly logger: Logger;
  /** Where every plugin runs, whatever its settings say. */
  readonly runAllIn?: AppDeps["runAllIn"];
  /** Hears which files the plugins consist of that run in threads. */
  readonly onModule?: WorkerHostDeps["onModule"];
}

/** The app with everything that Node supplies, however its clients reach it. Its plugins have not been started. */
export function createNodeApp({
  settings,
  stores,
  keys,
  logger,
  runAllIn,
  onModule,
}: NodeAppDeps): Promise<App> {
  const { entries, masterKey, database } = stores;
  return createApp({
    identity: { name: "mcp-plugin-server", version: VERSION },
    config: toServerConfig(settings),
    entries,
    instances: createInstanceRepository(database.db),
    discovery: discoveryOf(settings),
    hosts: {
      "in-process": createInProcessHost({ importModule: importPlugin }),
      worker: createWorkerHost({ ...(onModule && { onModule }) }),
    },
    ...(runAllIn && { runAllIn }),
    keys,
    credentials: createMemoryCredentials(),
    masterKey,
    sessions: createMemorySessions(),
    engine: createAjvEngine(),
    sha256,
    time: systemTime,
    logger,
    isStorageReady: () => database.isReady(),
  });
}

/** Waits for the plugins, but not for ever: one that hangs comes later or fails, and the others serve meanwhile. */
export async function startPatiently(
  app: Pick<App, "start">,
  logger: Logger,
  patienceMs: number = START_PATIENCE_MS,
): Promise<void> {
  const started = app.start();
  started.catch((error: unknown) =>
    logger.error("Plugins did not start", { error: stackOf(error) }),
  );
  await within(patienceMs, started);
}
