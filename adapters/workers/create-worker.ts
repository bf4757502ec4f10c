import {
  AppError,
  createApp,
  createMemoryCredentialDriver,
  createMemoryInstances,
  createMemoryToolSettings,
  createMemoryOAuthFlows,
  createMemoryOAuthGrants,
  createMemorySignIns,
  createMemoryVaultStore,
  createPortableSchemaEngine,
  createScrubber,
  environmentKey,
  messageOf,
  openVault,
  problem,
  uuidv7,
  type App,
  type KeyRecord,
  type ServerIdentity,
  type Sha256,
} from "../../src/index.ts";
import { createAuditLines } from "./audit-lines.ts";
import { createPluginBundle, type BundledPlugins } from "./bundled-plugins.ts";
import { createConsoleLogger } from "./console-logger.ts";
import { createWorkersOutbound } from "./outbound.ts";
import { readWorkerSettings, type WorkerEnv, type WorkerSettings } from "./settings.ts";
import { createWorkersTime } from "./time.ts";
import { VERSION } from "./version.ts";

/** The part of a Worker's execution context that is used. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void;
}

/** What a Workers module exports as its default. */
export interface WorkerHandler {
  fetch(request: Request, env: WorkerEnv, context: WorkerContext): Promise<Response>;
}

const IDENTITY: ServerIdentity = { name: "mcp-plugin-server", version: VERSION };

const sha256: Sha256 = async (bytes) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/**
 * The server as a Cloudflare Worker, with the plugins that are bundled into it.
 *
 * Nothing outlives an isolate: storage is memory, and the 2025 era is served stateless. The server is put together on
 * an isolate's first request, because Workers allow no random numbers and no timers before it, and that request and
 * those beside it wait until the plugins have been started. As long as the environment lacks something every answer is
 * a 500 that names it.
 *
 * @throws AppError `CONFIG_INVALID` for plugin ids or settings that are not valid
 */
export function createWorker(plugins: BundledPlugins): WorkerHandler {
  const bundle = createPluginBundle(plugins);
  const scrubber = createScrubber();
  const logger = createConsoleLogger((text) => scrubber.scrub(text));
  const time = createWorkersTime();
  let app: Promise<App> | null = null;

  async function start(env: WorkerEnv): Promise<App> {
    const settings = readWorkerSettings(env);
    const { clientKey, adminToken, masterKey } = settings;
    for (const secret of [clientKey, adminToken]) scrubber.learn(new TextEncoder().encode(secret));
    scrubber.learn(masterKey);
    const { vault, audit, turns } = await openVault({
      store: createMemoryVaultStore(),
      driver: createMemoryCredentialDriver(),
      masterKeys: { current: async () => masterKey.slice(), others: async () => [] },
      auditSinks: [createAuditLines()],
      scrubber,
      time,
      logger,
    });
    const created = await createApp({
      identity: IDENTITY,
      config: settings.config,
      entries: bundle.entries,
      instances: createMemoryInstances(),
      toolSettings: createMemoryToolSettings(),
      discovery: bundle.discovery,
      hosts: { "in-process": bundle.host },
      keys: await readKeys(settings, time.now()),
      keyStore: null,
      vault,
      audit,
      auditTrail: null,
      scrubber,
      // The vault of an isolate is gone with it, and the next call may come to another one.
      stateKey: masterKey.slice(),
      sessions: null,
      oauth: {
        flows: createMemoryOAuthFlows(),
        grants: createMemoryOAuthGrants(),
        signIns: createMemorySignIns(),
        turns,
        publicUrl: () => settings.publicUrl,
      },
      outbound: createWorkersOutbound(settings.outbound, time),
      engine: createPortableSchemaEngine(),
      sha256,
      time,
      logger,
      isStorageReady: async () => true,
    });
    await created.start();
    return created;
  }

  return {
    async fetch(request, env, context) {
      time.runOverdue();
      if (app === null) {
        const starting = start(env);
        app = starting;
        // Others wait for this start, so it must go on when the client that caused it hangs up.
        context.waitUntil(starting.catch(() => undefined));
      }
      const mine = app;
      let ready: App;
      try {
        ready = await mine;
      } catch (error) {
        if (app === mine) app = null;
        logger.error("The server could not be started", { error: messageOf(error) });
        return unavailable(error);
      }
      return ready.fetch(withHost(request));
    },
  };
}

function readKeys({ clientKey, adminToken }: WorkerSettings, now: number): Promise<KeyRecord[]> {
  return Promise.all([
    environmentKey("admin", adminToken, now, sha256),
    environmentKey("client", clientKey, now, sha256),
  ]);
}

/** A request of another Worker, through a service binding, has no Host header; its URL says whom it is meant for. */
function withHost(request: Request): Request {
  if (request.headers.has("host")) return request;
  const headers = new Headers(request.headers);
  headers.set("host", new URL(request.url).host);
  return new Request(request, { headers });
}

/** The answer of a server that could not be put together. A configuration fault names variables, no values. */
function unavailable(error: unknown): Response {
  const requestId = uuidv7(Date.now());
  return error instanceof AppError && error.code === "CONFIG_INVALID"
    ? problem(error.code, requestId, { detail: error.message })
    : problem("INTERNAL", requestId);
}
