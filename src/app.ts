import { Hono } from "hono";
import { createAccessLog } from "./api/middleware/access-log.ts";
import { createGate } from "./api/middleware/gate.ts";
import { createRequestLimits, type RequestOrigin } from "./api/middleware/request-limits.ts";
import { createRequestAudit } from "./api/middleware/request-audit.ts";
import { assertPolicies, mountRoutes, type Route } from "./api/route-table.ts";
import { createMcpSocket, type OpenSocket } from "./api/mcp-socket.ts";
import { createScopeChallenge } from "./api/scope-challenge.ts";
import { createAccessTokens } from "./core/auth/access-tokens.ts";
import { createCookies } from "./api/cookies.ts";
import { serverRoutes } from "./api/routes/index.ts";
import { createOAuthClient } from "./core/auth/oauth-client.ts";
import { LOCAL_CLIENT } from "./core/auth/principals.ts";
import { SignIns } from "./core/auth/sign-in.ts";
import { createRefusalRecorder } from "./core/audit/refusals.ts";
import { createAccounts } from "./core/auth/accounts.ts";
import { KeyDirectory } from "./core/auth/key-directory.ts";
import { LoadShedder } from "./core/limits/load-shedder.ts";
import { openLiveSettings } from "./core/live-settings.ts";
import { createMcpHandler, PROTOCOL_VERSIONS } from "./core/mcp-handler.ts";
import { createSecretCheck, createSecretRemoval } from "./core/instance-secrets.ts";
import { PluginAdmin } from "./core/plugin-admin.ts";
import { describePlugin } from "./core/plugin-details.ts";
import { PluginManager } from "./core/plugin-manager.ts";
import { readRegistry } from "./core/registry.ts";
import { RegistryUpdates } from "./core/registry-updates.ts";
import { createTelemetry } from "./core/telemetry/telemetry.ts";
import { LiveStreams } from "./api/live-streams.ts";
import { createStateSealer } from "./core/request-state.ts";
import { StoredChanges } from "./core/stored-changes.ts";
import { SseServer } from "./core/sse-server.ts";
import { ToolAdmin } from "./core/tool-admin.ts";
import { messageOf } from "./errors.ts";
import type { MessageChannel, ServedChannel } from "./types/channel.ts";
import type { HostKind } from "./types/host.ts";
import type { InstanceEntry } from "./types/instances.ts";
import type { AppDeps } from "./app-deps.ts";

export interface App {
  /** Answers a request, whichever runtime it came to. */
  readonly fetch: (request: Request, from?: RequestOrigin) => Response | Promise<Response>;
  /** Decides about a request for a WebSocket at `/mcp`, for runtimes that have them. */
  readonly openSocket: OpenSocket;
  /** Serves a client that has started this process, and so may do what its user may. */
  readonly serveLocal: (channel: MessageChannel) => ServedChannel | null;
  readonly manager: PluginManager;
  /** Every way in, and who may use it. */
  readonly routes: readonly Pick<
    Route,
    "method" | "path" | "policy" | "contract" | "isPublished"
  >[];
  /** Starts the plugins. Requests are answered before and meanwhile, with what runs by then. */
  start(): Promise<void>;
  /**
   * Takes over changed entries, and what has changed on disk: packages that came or went, manifests. Code is read again by
   * `manager.reload`. Resolves when all of it has been tried; what failed shows in the plugins' status.
   */
  update(entries: Readonly<Record<string, InstanceEntry>>): Promise<void>;
  /** Ends streams and stops the plugins after their calls in flight. */
  close(): Promise<void>;
}

/**
 * Puts the server together: the only place where parts learn of each other.
 *
 * @throws AppError `ROUTE_POLICY` when a route has no policy
 */
export async function createApp(deps: AppDeps): Promise<App> {
  const { identity, engine, sha256, time, logger } = deps;
  const readPlugins = (entries: AppDeps["entries"]) =>
    readRegistry({
      entries,
      store: deps.instances,
      discovery: deps.discovery,
      runAllIn: deps.runAllIn ?? null,
      logger,
    });
  // Named one by one: the keys go nowhere but where they are used.
  const { outbound } = deps;
  const { publicUrl } = deps.oauth;
  const accounts = createAccounts({
    ...deps.oauth,
    client: createOAuthClient({ outbound, time, logger }),
    findInstance: (id) => manager.oauthOf(id),
    vault: deps.vault,
    audit: deps.audit,
    scrubber: deps.scrubber,
    sha256,
    time,
    logger,
  });
  const changes = await StoredChanges.open({
    instances: deps.instances,
    toolSettings: deps.toolSettings,
    serverSettings: deps.serverSettings?.store ?? null,
    async take() {
      await live.server?.reload();
      await tools.reload();
      const { settled } = await updates.apply();
      await settled;
    },
    time,
    logger,
  });
  const live = await openLiveSettings(deps);
  const manager: PluginManager = new PluginManager({
    registry: await readPlugins(deps.entries),
    hosts: deps.hosts,
    vault: deps.vault,
    accounts: accounts.ofPlugins,
    outbound,
    scrubber: deps.scrubber,
    engine,
    sha256,
    time,
    logger,
    ...(deps.limits && { limits: deps.limits }),
  });
  const { instances, discovery } = deps;
  const updates = new RegistryUpdates({
    entries: deps.entries,
    read: readPlugins,
    take: (registry) => manager.update(registry),
  });
  const tools = new ToolAdmin({
    manager,
    store: deps.toolSettings,
    isNamedByKeys: (name) =>
      keys.list("client").some(({ access }) => access?.tools?.includes(name) === true),
  });
  await tools.reload();
  const admin = new PluginAdmin({
    manager,
    updates,
    instances,
    tools,
    discovery,
    hosts: Object.keys(deps.hosts) as HostKind[],
    deleteSecrets: createSecretRemoval({ vault: deps.vault, oauth: accounts.oauth }),
    holdsSecrets: createSecretCheck({ vault: deps.vault, oauth: accounts.oauth }),
    engine,
    time,
  });
  const sealer = await createStateSealer(deps.stateKey, time);
  const { sessions, vault, scrubber, issuers = [] } = deps;
  const challenges = { issuers, publicUrl };
  const telemetry = createTelemetry({
    version: identity.version,
    revisions: PROTOCOL_VERSIONS,
    manager,
    audit: deps.auditTrail,
    runtime: deps.runtimeStats ?? null,
    time,
  });
  const streams = new LiveStreams({ scrubber: deps.scrubber, time, logger });
  const mcp = createMcpHandler({
    observer: telemetry.observer,
    identity,
    callsPerMinute: () => live.rateLimits().calls,
    ...(issuers.length > 0 && { challengeFor: createScopeChallenge(challenges) }),
    manager,
    engine,
    sealer,
    accounts: accounts.desk,
    sessions,
    sha256,
    time,
    logger,
  });
  const sse = new SseServer({
    serve: (channel, principal) => mcp.serve(channel, principal),
    sha256,
    time,
    logger,
  });
  let started = false;

  const now = () => time.now();
  const keys = await KeyDirectory.open({
    store: deps.keyStore,
    given: deps.keys,
    sha256,
    time,
    logger,
  });
  const signIns = new SignIns({
    store: deps.oauth.signIns,
    keys,
    audit: deps.audit,
    sha256,
    time,
  });
  const refusals = createRefusalRecorder({ audit: deps.audit, time, logger });
  const audit = createRequestAudit({ audit: deps.audit, refusals, logger });
  const cookies = createCookies(publicUrl);
  const accessTokens =
    issuers.length > 0
      ? createAccessTokens({ issuers, publicUrl, outbound, sha256, time, logger })
      : null;
  const routes = serverRoutes({
    identity,
    startedAt: now(),
    config: deps.config,
    publicUrl,
    mcp,
    sse,
    manager,
    admin,
    tools,
    describe: (id) => describePlugin(id, { manager, updates, instances, vault }),
    vault,
    oauth: accounts.oauth,
    signIns,
    keys,
    accessTokens,
    issuers,
    cookies,
    streams,
    telemetry,
    logs: deps.logs ?? null,
    hasRuntimeStats: deps.runtimeStats !== undefined,
    settings: live.server,
    trail: deps.auditTrail,
    serverProof: deps.serverProof ?? null,
    isReady: async () => started && (await storageAnswers(deps)),
    now,
    logger,
  });
  const gate = createGate({
    config: deps.config,
    moreOrigins: live.allowedOrigins,
    keys,
    accessTokens,
    signIns,
    cookies,
    publicUrl,
  });
  const hono = new Hono();
  const limits = createRequestLimits({
    limits: live.rateLimits,
    proxies: deps.trustedProxies ?? [],
    shedder: deps.loadMeter ? new LoadShedder(deps.loadMeter) : null,
    time,
  });
  const isHttps = () => publicUrl().startsWith("https:");
  const watched = {
    accessLog: createAccessLog(logger),
    logger,
    now,
    elapsed: () => time.elapsed(),
  };
  mountRoutes(hono, routes, { gate, limits, challenges, isHttps, audit, scrubber, ...watched });
  assertPolicies(hono, routes);

  return {
    fetch: (request, from) => hono.fetch(request, { ...from }),
    openSocket: createMcpSocket({ gate, limits, challenges, mcp, audit, ...watched }),
    serveLocal: (channel) => mcp.serve(channel, LOCAL_CLIENT),
    manager,
    routes,
    async start() {
      changes.watch();
      await manager.start();
      started = true;
    },
    async update(entries) {
      const { settled } = await updates.apply(entries);
      await settled;
    },
    async close() {
      started = false;
      changes.close();
      streams.close();
      telemetry.close();
      try {
        await manager.stop();
      } finally {
        await mcp.close();
        await refusals.close();
        await keys.close();
      }
    },
  };
}

async function storageAnswers({ isStorageReady, logger }: AppDeps): Promise<boolean> {
  try {
    return await isStorageReady();
  } catch (error) {
    logger.warn("Storage does not answer", { error: messageOf(error) });
    return false;
  }
}
