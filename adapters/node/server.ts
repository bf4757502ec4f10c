import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createApp,
  createInProcessHost,
  createInstanceRepository,
  createKeyRepository,
  createMemoryCredentials,
  createMemorySessions,
  stackOf,
  type App,
  type Logger,
} from "../../src/index.ts";
import { serverUrl } from "./address.ts";
import { loadMasterKey, prepareDataFolder } from "./data-folder.ts";
import { openDatabase } from "./database.ts";
import { createExpress } from "./express.ts";
import { prepareKeys, type CreatedSecrets } from "./first-run.ts";
import { listen } from "./http-server.ts";
import { createAjvEngine } from "./json-schema.ts";
import { assertSafeListen, toServerConfig } from "./listen-rules.ts";
import { createDiscovery, importPlugin } from "./plugin-loader.ts";
import { readPluginsFile } from "./plugins-file.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";

export const BUNDLED_PLUGINS = fileURLToPath(new URL("../../plugins", import.meta.url));

/** How long a start waits for plugins before it tells where the server is, in milliseconds. */
const START_PATIENCE_MS = 10_000;

export interface RunningServer {
  readonly app: App;
  readonly port: number;
  readonly url: string;
  readonly mcpUrl: string;
  readonly dataDir: string;
  readonly created: CreatedSecrets;
  /** Finishes calls in flight, ends streams, stops plugins, closes the database. A second call does nothing more. */
  close(): Promise<void>;
}

/**
 * Starts the whole server on Node and resolves once it listens and its plugins have been started, or ten seconds after
 * it listens, when a plugin takes longer.
 *
 * @throws AppError `CONFIG_INVALID` or `UNSAFE_LISTEN`, saying what to change; nothing keeps running then
 */
export async function startServer(settings: Settings, logger: Logger): Promise<RunningServer> {
  assertSafeListen(settings);
  const entries = readPluginsFile(settings);
  prepareDataFolder(settings.dataDir);
  const masterKey = loadMasterKey(settings.dataDir, settings.secrets.masterKey);
  const database = openDatabase(settings.databaseUrl);
  const ends: (() => unknown)[] = [() => database.close()];
  const close = () => endInReverse(ends);
  try {
    const { keys, created, save } = await prepareKeys(createKeyRepository(database.db), settings);
    const app = await createApp({
      identity: { name: "mcp-plugin-server", version: VERSION },
      config: toServerConfig(settings),
      entries,
      instances: createInstanceRepository(database.db),
      discovery: createDiscovery({
        pluginsDir: settings.pluginsDir,
        bundledDir: BUNDLED_PLUGINS,
        packagesFrom: dirname(settings.configFile),
      }),
      hosts: { "in-process": createInProcessHost({ importModule: importPlugin }) },
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
    const listening = await listen(createExpress(app), settings);
    ends.push(
      () => listening.close(),
      () => app.close(),
      () => listening.stopAccepting(),
    );
    await startPatiently(app, logger);
    // Just before they are shown: a start that does not get there must not leave hashes of secrets that nobody saw.
    await save();

    const url = serverUrl(settings, listening.port);
    const { dataDir } = settings;
    return { app, created, url, port: listening.port, mcpUrl: `${url}/mcp`, dataDir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for the plugins, but not for ever: one that hangs comes later or fails, and the others serve meanwhile. */
async function startPatiently(app: App, logger: Logger): Promise<void> {
  const started = app.start();
  started.catch((error: unknown) =>
    logger.error("Plugins did not start", { error: stackOf(error) }),
  );
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, START_PATIENCE_MS);
  });
  await Promise.race([started, patience]);
  clearTimeout(timer);
}

/** Ends what was begun, the last first. All of it, even when one end fails; then rejects with the first failure. */
async function endInReverse(ends: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  // Time limits keep no process alive (`systemTime`). Without this, one plugin whose `stop` waits for nothing would end
  // the process before the others were stopped.
  const alive = setInterval(() => {}, 60_000);
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  clearInterval(alive);
  if (failures.length > 0) throw failures[0];
}
