import {
  createApp,
  createInProcessHost,
  createInstanceRepository,
  createOAuthFlowRepository,
  createOAuthGrantRepository,
  createSignInRepository,
  createServerSettingsRepository,
  createToolSettingsRepository,
  createMemorySessions,
  stackOf,
  type App,
  type AppDeps,
  type KeyRecord,
  type Logger,
  type ServerProof,
} from "../../src/index.ts";
import { importPlugin } from "./import-plugin.ts";
import { createAjvEngine } from "./json-schema.ts";
import { toServerConfig } from "./listen-rules.ts";
import { createLoadMeter } from "./load-meter.ts";
import { createNodeOutbound } from "./outbound.ts";
import { discoveryOf } from "./plugin-discovery.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import type { NodeStores } from "./stores.ts";
import { VERSION } from "./version.ts";
import { within } from "./within.ts";
import { createWorkerHost, type WorkerHostDeps } from "./worker-host/worker-host.ts";

/** How long a start waits for plugins before it tells where the server is, in milliseconds. */
const START_PATIENCE_MS = 10_000;

export interface NodeAppDeps {
  readonly settings: Settings;
  readonly stores: NodeStores;
  readonly keys: readonly KeyRecord[];
  readonly keyStore: AppDeps["keyStore"];
  readonly logger: Logger;
  /** Where browsers find it, which is known once it listens. */
  readonly publicUrl: () => string;
  readonly logs?: AppDeps["logs"];
  readonly runtimeStats?: AppDeps["runtimeStats"];
  /** Where a file says that it runs. */
  readonly serverProof?: ServerProof;
  /** What of this process can be changed while it runs, besides what the app does itself. */
  readonly adjustable?: Pick<NonNullable<AppDeps["serverSettings"]>, "logLevel" | "auditDays">;
  /** Where every plugin runs, whatever its settings say. */
  readonly runAllIn?: AppDeps["runAllIn"];
  /** Hears which files the plugins consist of that run in threads. */
  readonly onModule?: WorkerHostDeps["onModule"];
}

/** The app with everything that Node supplies, however its clients reach it. Its plugins have not been started. */
export async function createNodeApp({
  settings,
  stores,
  keys,
  keyStore,
  logs,
  runtimeStats,
  logger,
  publicUrl,
  serverProof,
  adjustable,
  runAllIn,
  onModule,
}: NodeAppDeps): Promise<App> {
  const { entries, database, vault, audit, scrubber, turns } = stores;
  const outbound = createNodeOutbound(settings.outbound);
  const loadMeter = createLoadMeter();
  const app = await createApp({
    identity: { name: "mcp-plugin-server", version: VERSION },
    config: toServerConfig(settings),
    entries,
    instances: createInstanceRepository(database.db),
    toolSettings: createToolSettingsRepository(database.db),
    serverSettings: {
      store: createServerSettingsRepository(database.db),
      fixed: settings.fixed,
      ...adjustable,
    },
    discovery: discoveryOf(settings),
    hosts: {
      "in-process": createInProcessHost({ importModule: importPlugin }),
      worker: createWorkerHost({ ...(onModule && { onModule }) }),
    },
    ...(runAllIn && { runAllIn }),
    keys,
    keyStore,
    vault,
    audit,
    auditTrail: audit,
    scrubber,
    stateKey: await stores.stateKey(),
    sessions: createMemorySessions(),
    oauth: {
      flows: createOAuthFlowRepository(database.db),
      grants: createOAuthGrantRepository(database.db),
      signIns: createSignInRepository(database.db),
      turns,
      publicUrl,
    },
    ...(serverProof && { serverProof }),
    issuers: settings.issuers,
    rateLimits: settings.rateLimits,
    trustedProxies: settings.trustedProxies,
    loadMeter,
    ...(logs && { logs }),
    ...(runtimeStats && { runtimeStats }),
    outbound,
    engine: createAjvEngine(),
    sha256,
    time: systemTime,
    logger,
    isStorageReady: () => database.isReady(),
  });
  return {
    ...app,
    async close() {
      try {
        await app.close();
      } finally {
        loadMeter.close();
        await outbound.close();
      }
    },
  };
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
