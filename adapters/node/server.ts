import { fileURLToPath } from "node:url";
import {
  createApp,
  createInProcessHost,
  createInstanceRepository,
  createKeyRepository,
  createMemoryCredentials,
  createMemorySessions,
  type App,
  type Logger,
} from "../../src/index.ts";
import { loadMasterKey, prepareDataFolder } from "./data-folder.ts";
import { openDatabase } from "./database.ts";
import { createExpress } from "./express.ts";
import { loadKeys } from "./first-run.ts";
import { listen } from "./http-server.ts";
import { createAjvEngine } from "./json-schema.ts";
import { assertSafeListen, toServerConfig } from "./listen-rules.ts";
import { createDiscovery, importPlugin } from "./plugin-loader.ts";
import { readPluginsFile } from "./plugins-file.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";

export const BUNDLED_PLUGINS = fileURLToPath(new URL("../../plugins", import.meta.url));

export interface RunningServer {
  readonly app: App;
  readonly port: number;
  readonly url: string;
  readonly mcpUrl: string;
  readonly dataDir: string;
  /** Secrets that this run made, to be shown this once. */
  readonly created: { readonly adminToken?: string; readonly clientKey?: string };
  /** Finishes calls in flight, ends streams, stops plugins, closes the database. */
  close(): Promise<void>;
}

/**
 * Starts the whole server on Node and resolves once it listens and its plugins have been started.
 *
 * @throws AppError `CONFIG_INVALID` or `UNSAFE_LISTEN`, saying what to change; nothing keeps running then
 */
export async function startServer(settings: Settings, logger: Logger): Promise<RunningServer> {
  assertSafeListen(settings);
  const entries = readPluginsFile(settings);
  prepareDataFolder(settings.dataDir);
  const masterKey = loadMasterKey(settings.dataDir, settings.secrets.masterKey);
  const database = openDatabase(settings.databaseUrl);
  try {
    const { keys, created } = await loadKeys(createKeyRepository(database.db), settings.secrets);
    const app = await createApp({
      identity: { name: "mcp-plugin-server", version: VERSION },
      config: toServerConfig(settings),
      entries,
      instances: createInstanceRepository(database.db),
      discovery: createDiscovery({
        pluginsDir: settings.pluginsDir,
        bundledDir: BUNDLED_PLUGINS,
        packagesFrom: settings.pluginsDir,
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
    await app.start();

    const url = settings.publicUrl ?? localUrl(settings, listening.port);
    return {
      app,
      created,
      url,
      port: listening.port,
      mcpUrl: `${url}/mcp`,
      dataDir: settings.dataDir,
      async close() {
        listening.stopAccepting();
        await app.close();
        await listening.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function localUrl({ host, tls }: Settings, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `${tls === null ? "http" : "https"}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
