import { Hono } from "hono";
import { createGate } from "./api/middleware/gate.ts";
import { createRequestAudit } from "./api/middleware/request-audit.ts";
import { assertPolicies, mountRoutes, type Route } from "./api/route-table.ts";
import { createMcpSocket, type OpenSocket } from "./api/mcp-socket.ts";
import { aboutRoutes } from "./api/routes/about.ts";
import { auditRoutes, type AuditRoutesDeps } from "./api/routes/audit.ts";
import { createCookies } from "./api/cookies.ts";
import { connectRoutes } from "./api/routes/connect.ts";
import { credentialRoutes } from "./api/routes/credentials.ts";
import { healthRoutes } from "./api/routes/health.ts";
import { keyRoutes } from "./api/routes/keys.ts";
import { mcpRoutes } from "./api/routes/mcp.ts";
import { openApiRoutes } from "./api/routes/openapi.ts";
import { oauthRoutes } from "./api/routes/oauth.ts";
import { pluginRoutes } from "./api/routes/plugins.ts";
import { serverProofRoutes } from "./api/routes/server-proof.ts";
import { sessionRoutes } from "./api/routes/session.ts";
import { sseRoutes } from "./api/routes/sse.ts";
import { vaultRoutes } from "./api/routes/vault.ts";
import type { Turns } from "./core/auth/instance-writes.ts";
import { createOAuthClient } from "./core/auth/oauth-client.ts";
import { LOCAL_CLIENT } from "./core/auth/principals.ts";
import { SignIns } from "./core/auth/sign-in.ts";
import { createRefusalRecorder } from "./core/audit/refusals.ts";
import { createAcceptance } from "./core/credential-acceptance.ts";
import { createAccounts } from "./core/auth/accounts.ts";
import { KeyDirectory } from "./core/auth/key-directory.ts";
import type { ServerProof } from "./core/auth/server-proof.ts";
import { createMcpHandler, PROTOCOL_VERSIONS } from "./core/mcp-handler.ts";
import type { StepLimits } from "./core/plugin-steps.ts";
import { PluginManager } from "./core/plugin-manager.ts";
import type { ServerIdentity } from "./core/plugin-mcp-server.ts";
import { readRegistry } from "./core/registry.ts";
import { createStateSealer } from "./core/request-state.ts";
import { SseServer } from "./core/sse-server.ts";
import { messageOf } from "./errors.ts";
import type { AuditLog } from "./types/audit.ts";
import type { MessageChannel, ServedChannel } from "./types/channel.ts";
import type { HostKind, PluginHost } from "./types/host.ts";
import type { InstanceEntry, InstanceStore, PluginDiscovery } from "./types/instances.ts";
import type { KeyRecord, KeyStore } from "./types/keys.ts";
import type { OAuthFlowStore, OAuthGrantStore } from "./types/oauth.ts";
import type { Outbound } from "./types/outbound.ts";
import type { SignInStore } from "./types/sign-in.ts";
import type { Logger } from "./types/logger.ts";
import type { Sha256, Time } from "./types/runtime.ts";
import type { Scrubber } from "./types/scrubber.ts";
import type { SchemaEngine } from "./types/schema-engine.ts";
import type { ServerConfig } from "./types/server-config.ts";
import type { LegacySessions } from "./types/sessions.ts";
import type { Vault } from "./types/vault.ts";

/** Everything a runtime supplies. */
export interface AppDeps {
  readonly identity: ServerIdentity;
  readonly config: ServerConfig;
  /** Entries of `config/plugins.json`. */
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  readonly instances: InstanceStore;
  readonly discovery: PluginDiscovery;
  readonly hosts: Readonly<Partial<Record<HostKind, PluginHost>>>;
  /** Where every plugin runs, whatever its settings say; they decide when this is left out. */
  readonly runAllIn?: HostKind;
  /** Keys that hold whatever is stored: those of the environment. */
  readonly keys: readonly KeyRecord[];
  /** Where keys are made and revoked; `null` where the runtime keeps none. */
  readonly keyStore: KeyStore | null;
  readonly vault: Vault;
  readonly audit: AuditLog;
  /** Reads the audit record back; `null` where it is read elsewhere. */
  readonly auditTrail: AuditRoutesDeps["trail"] | null;
  /** Knows every secret in use, as the vault and the log do. */
  readonly scrubber: Scrubber;
  /** Seals what clients carry from one call to the next. 32 bytes, the same wherever the next may come; they are zeroed. */
  readonly stateKey: Uint8Array;
  readonly sessions: LegacySessions | null;
  /** Where commands on this machine find the server by a file; left out where there is none. */
  readonly serverProof?: ServerProof;
  readonly oauth: OAuthDeps;
  /** The way out, for the server itself and for plugins. */
  readonly outbound: Outbound;
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
  /** Whether storage answers, for `/readyz`. */
  readonly isStorageReady: () => Promise<boolean>;
  readonly limits?: Partial<StepLimits>;
}

/** What connecting accounts takes. */
export interface OAuthDeps {
  readonly flows: OAuthFlowStore;
  readonly grants: OAuthGrantStore;
  readonly signIns: SignInStore;
  /** The vault's. */
  readonly turns: Turns;
  /** Where browsers find this server: an origin, without a slash at its end. Asked for when it is needed. */
  readonly publicUrl: () => string;
}

export interface App {
  /** Answers a request, whichever runtime it came to. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Decides about a request for a WebSocket at `/mcp`, for runtimes that have them. */
  readonly openSocket: OpenSocket;
  /** Serves a client that has started this process, and so may do what its user may. */
  readonly serveLocal: (channel: MessageChannel) => ServedChannel | null;
  readonly manager: PluginManager;
  /** Every way in, and who may use it. */
  readonly routes: readonly Pick<Route, "method" | "path" | "policy" | "contract">[];
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
  const manager: PluginManager = new PluginManager({
    registry: await readPlugins(deps.entries),
    hosts: deps.hosts,
    vault: deps.vault,
    accounts: accounts.ofPlugins,
    outbound,
    engine,
    sha256,
    time,
    logger,
    ...(deps.limits && { limits: deps.limits }),
  });
  const sealer = await createStateSealer(deps.stateKey, time);
  const { sessions } = deps;
  const mcp = createMcpHandler({
    identity,
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
  const { vault } = deps;
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
    sha256,
    time,
  });
  const refusals = createRefusalRecorder({ audit: deps.audit, time, logger });
  const audit = createRequestAudit({ audit: deps.audit, refusals, logger });
  const cookies = createCookies(publicUrl);
  const described = [
    ...mcpRoutes(mcp),
    ...(deps.config.sse ? sseRoutes(sse) : []),
    ...pluginRoutes(manager),
    ...credentialRoutes({ vault, assertAcceptable: createAcceptance(manager) }),
    ...vaultRoutes({ vault, now, logger }),
    ...oauthRoutes(accounts.oauth),
    ...sessionRoutes({
      signIns,
      keys,
      cookies,
      publicUrl,
      refused: (request) => audit.refused(request),
    }),
    ...keyRoutes(keys),
    ...(deps.auditTrail ? auditRoutes({ trail: deps.auditTrail, now, logger }) : []),
    ...aboutRoutes({
      identity,
      startedAt: now(),
      publicUrl,
      auth: deps.config.auth,
      protocolVersions: PROTOCOL_VERSIONS,
      transports: ["http", ...(deps.config.sse ? ["sse"] : [])],
    }),
    ...connectRoutes({
      oauth: accounts.oauth,
      signIns,
      authenticator: keys,
      cookies,
      publicUrl,
      refused: (request) => audit.refused(request),
    }),
    ...(deps.serverProof ? serverProofRoutes(deps.serverProof) : []),
    ...healthRoutes(async () => started && (await storageAnswers(deps))),
  ];
  const routes = [...described, ...openApiRoutes(described, { version: identity.version })];
  const gate = createGate({ config: deps.config, keys, signIns, cookies, publicUrl });
  const hono = new Hono();
  mountRoutes(hono, routes, { gate, audit, scrubber: deps.scrubber, logger, now });
  assertPolicies(hono, routes);

  return {
    fetch: hono.fetch,
    openSocket: createMcpSocket({ gate, mcp, audit, logger, now }),
    serveLocal: (channel) => mcp.serve(channel, LOCAL_CLIENT),
    manager,
    routes,
    async start() {
      await manager.start();
      started = true;
    },
    async update(entries) {
      await manager.update(await readPlugins(entries));
    },
    async close() {
      started = false;
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
