import {
  createKeyRepository,
  createServerProof,
  randomToken,
  type App,
  type LogFeed,
  type Logger,
} from "../../src/index.ts";
import { serverUrl } from "./address.ts";
import { tendAudit } from "./audit-upkeep.ts";
import { HotReload } from "./dev/hot-reload.ts";
import { endInReverse, type Ends } from "./ends.ts";
import { createExpress } from "./express.ts";
import { prepareKeys, type CreatedSecrets } from "./first-run.ts";
import { listen } from "./http-server.ts";
import { assertSafeListen } from "./listen-rules.ts";
import { createNodeApp, startPatiently } from "./node-app.ts";
import { systemTime } from "./runtime.ts";
import { createProcessStats } from "./process-stats.ts";
import { writeServerFile } from "./server-file.ts";
import type { Settings } from "./settings.ts";
import { openStores, type StoresOptions } from "./stores.ts";
import { WebSockets } from "./websocket.ts";

export interface RunningServer {
  readonly app: App;
  readonly port: number;
  readonly url: string;
  readonly mcpUrl: string;
  readonly dataDir: string;
  readonly created: CreatedSecrets;
  /** Finishes calls in flight, ends streams, stops plugins, closes the stores. A second call does nothing more. */
  close(): Promise<void>;
}

export interface ServerOptions extends StoresOptions {
  /** What the log has said, for those who watch it through the API. */
  readonly logs?: LogFeed;
  /** Changes how much the log says; that cannot be changed when it is left out. */
  readonly setLogLevel?: (level: Settings["logLevel"]) => void;
}

/** `dev`: every plugin in a thread of its own, and reloaded when its code or settings change on disk. */
export type ServerMode = "serve" | "dev";

/**
 * Starts the whole server on Node and resolves once it listens and its plugins have been started, or ten seconds after
 * it listens, when a plugin takes longer.
 *
 * @throws AppError `CONFIG_INVALID`, `VAULT_KEY_WRONG` or `UNSAFE_LISTEN`, saying what to change; nothing keeps running then
 */
export async function startServer(
  settings: Settings,
  logger: Logger,
  mode: ServerMode = "serve",
  { logs, setLogLevel, ...options }: ServerOptions = {},
): Promise<RunningServer> {
  assertSafeListen(settings);
  const stores = await openStores(settings, logger, options);
  const upkeep = tendAudit({ ...stores, ...settings.audit, time: systemTime, logger });
  const ends: Ends = [() => stores.close(), () => upkeep.end()];
  const close = () => endInReverse(ends);
  try {
    const keyStore = createKeyRepository(stores.database.db);
    const { keys, created, save } = await prepareKeys(keyStore, settings);
    for (const secret of Object.values(created)) stores.scrubber.learn(Buffer.from(secret));
    const hotReload = mode === "dev" ? new HotReload({ settings, logger }) : null;
    ends.push(() => hotReload?.close());
    const secret = randomToken("");
    stores.scrubber.learn(Buffer.from(secret));
    const runtimeStats = createProcessStats();
    ends.push(() => runtimeStats.close());
    let { port } = settings;
    const app = await createNodeApp({
      settings,
      stores,
      keys,
      keyStore,
      adjustable: {
        auditDays: { given: settings.audit.keepDays, apply: (days) => upkeep.keepFor(days) },
        ...(setLogLevel && { logLevel: { given: settings.logLevel, apply: setLogLevel } }),
      },
      ...(logs && { logs }),
      runtimeStats,
      logger,
      publicUrl: () => serverUrl(settings, port),
      serverProof: await createServerProof(Buffer.from(secret, "base64url")),
      ...(hotReload && { runAllIn: "worker", onModule: hotReload.onModule }),
    });
    const webSockets = new WebSockets({ app, time: systemTime, logger });
    const listening = await listen(createExpress(app), settings, webSockets);
    ({ port } = listening);
    ends.push(
      () => listening.close(),
      () => app.close(),
      () => listening.stopAccepting(),
    );
    ends.push(
      writeServerFile(settings.dataDir, {
        pid: process.pid,
        // Commands on this machine need no proxy.
        url: serverUrl({ ...settings, publicUrl: null }, listening.port),
        certFile: settings.tls?.certFile ?? null,
        secret,
      }),
    );
    await startPatiently(app, logger);
    hotReload?.start(app);
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
