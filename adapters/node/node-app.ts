import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createApp,
  createInProcessHost,
  createInstanceRepository,
  createMemoryCredentials,
  createMemorySessions,
  stackOf,
  type App,
  type InstanceEntry,
  type KeyRecord,
  type Logger,
} from "../../src/index.ts";
import { loadMasterKey, prepareDataFolder } from "./data-folder.ts";
import type { HotReload } from "./dev/hot-reload.ts";
import { openDatabase, type OpenDatabase } from "./database.ts";
import { importPlugin } from "./import-plugin.ts";
import { createAjvEngine } from "./json-schema.ts";
import { toServerConfig } from "./listen-rules.ts";
import { createDiscovery } from "./plugin-loader.ts";
import { readPluginsFile } from "./plugins-file.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { createWorkerHost } from "./worker-host/worker-host.ts";
import { VERSION } from "./version.ts";

export const BUNDLED_PLUGINS = fileURLToPath(new URL("../../plugins", import.meta.url));

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
  /** Hears which files plugins consist of. With it, every plugin runs in a thread of its own, whatever its settings say. */
  readonly hotReload?: HotReload | null;
}

/** The app with everything that Node supplies, however its clients reach it. Its plugins have not been started. */
export function createNodeApp({
  settings,
  stores,
  keys,
  logger,
  hotReload = null,
}: NodeAppDeps): Promise<App> {
  const { entries, masterKey, database } = stores;
  return createApp({
    identity: { name: "mcp-plugin-server", version: VERSION },
    config: toServerConfig(settings),
    entries,
    instances: createInstanceRepository(database.db),
    discovery: createDiscovery({
      pluginsDir: settings.pluginsDir,
      bundledDir: BUNDLED_PLUGINS,
      packagesFrom: dirname(settings.configFile),
    }),
    hosts: {
      "in-process": createInProcessHost({ importModule: importPlugin }),
      worker: createWorkerHost(hotReload === null ? {} : { onModule: hotReload.onModule }),
    },
    ...(hotReload !== null && { runAllIn: "worker" }),
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
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([started, patience]);
  clearTimeout(timer);
}
