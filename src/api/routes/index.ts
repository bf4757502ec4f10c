import type { AccessTokens } from "../../core/auth/access-tokens.ts";
import type { KeyDirectory } from "../../core/auth/key-directory.ts";
import type { OAuthManager } from "../../core/auth/oauth-manager.ts";
import type { ServerProof } from "../../core/auth/server-proof.ts";
import type { SignIns } from "../../core/auth/sign-in.ts";
import { createAcceptance } from "../../core/credential-acceptance.ts";
import { PROTOCOL_VERSIONS, type McpHandler } from "../../core/mcp-handler.ts";
import type { PluginManager } from "../../core/plugin-manager.ts";
import type { ServerIdentity } from "../../core/plugin-mcp-server.ts";
import type { ServerSettings } from "../../core/server-settings.ts";
import type { SseServer } from "../../core/sse-server.ts";
import type { Telemetry } from "../../core/telemetry/telemetry.ts";
import type { ToolAdmin } from "../../core/tool-admin.ts";
import type { Logger } from "../../types/logger.ts";
import type { ServerConfig } from "../../types/server-config.ts";
import type { Vault } from "../../types/vault.ts";
import type { Cookies } from "../cookies.ts";
import type { Route } from "../route-table.ts";
import { aboutRoutes } from "./about.ts";
import { auditRoutes, type AuditRoutesDeps } from "./audit.ts";
import { connectRoutes } from "./connect.ts";
import { credentialRoutes } from "./credentials.ts";
import { eventRoutes, type EventRoutesDeps } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { keyRoutes } from "./keys.ts";
import { mcpRoutes } from "./mcp.ts";
import { metricsRoutes } from "./metrics.ts";
import { oauthRoutes } from "./oauth.ts";
import { openApiRoutes } from "./openapi.ts";
import { packageRoutes } from "./packages.ts";
import { pluginRoutes, type PluginRoutesDeps } from "./plugins.ts";
import { protectedResourceRoutes, type ProtectedResourceDeps } from "./protected-resource.ts";
import { serverProofRoutes } from "./server-proof.ts";
import { sessionRoutes } from "./session.ts";
import { settingsRoutes } from "./settings.ts";
import { sseRoutes } from "./sse.ts";
import { toolRoutes } from "./tools.ts";
import { vaultRoutes } from "./vault.ts";

/** What the routes answer from. A part that a runtime may lack is `null`, and its routes are not there. */
export interface RouteParts extends Omit<PluginRoutesDeps, "manager" | "tools"> {
  readonly identity: ServerIdentity;
  /** In epoch milliseconds. */
  readonly startedAt: number;
  readonly config: ServerConfig;
  readonly publicUrl: () => string;
  readonly mcp: McpHandler;
  readonly sse: SseServer;
  readonly manager: PluginManager;
  readonly tools: ToolAdmin;
  readonly vault: Vault;
  readonly oauth: OAuthManager;
  readonly signIns: SignIns;
  readonly keys: KeyDirectory;
  readonly accessTokens: AccessTokens | null;
  readonly issuers: ProtectedResourceDeps["issuers"];
  readonly cookies: Cookies;
  readonly streams: EventRoutesDeps["streams"];
  readonly telemetry: Pick<Telemetry, "events" | "metrics">;
  readonly logs: EventRoutesDeps["logs"];
  /** Whether the process tells of itself, so that there is something to scrape. */
  readonly hasRuntimeStats: boolean;
  readonly settings: ServerSettings | null;
  readonly trail: AuditRoutesDeps["trail"] | null;
  readonly serverProof: ServerProof | null;
  readonly isReady: () => Promise<boolean>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Every route of the server, the one that describes them among them. */
export function serverRoutes(parts: RouteParts): Route[] {
  const { identity, config, publicUrl, mcp, manager, tools, vault, keys } = parts;
  const { oauth, signIns, accessTokens, cookies, telemetry, trail, now, logger } = parts;
  const { admin, describe, streams, logs, issuers } = parts;
  const described = [
    ...mcpRoutes(mcp),
    ...(config.sse ? sseRoutes(parts.sse) : []),
    ...pluginRoutes({ manager, admin, tools, describe }),
    ...toolRoutes({ manager, tools, mcp }),
    ...packageRoutes(manager),
    ...credentialRoutes({ vault, assertAcceptable: createAcceptance(manager) }),
    ...vaultRoutes({ vault, now, logger }),
    ...oauthRoutes(oauth),
    ...sessionRoutes({ signIns, keys, cookies, publicUrl }),
    ...eventRoutes({ streams, events: telemetry.events, logs }),
    ...metricsRoutes({ metrics: telemetry.metrics, isScraped: parts.hasRuntimeStats }),
    ...keyRoutes(keys),
    ...(parts.settings ? settingsRoutes(parts.settings) : []),
    ...(trail ? auditRoutes({ trail, now, logger }) : []),
    ...aboutRoutes({
      identity,
      startedAt: parts.startedAt,
      publicUrl,
      auth: config.auth,
      protocolVersions: PROTOCOL_VERSIONS,
      transports: [
        "http",
        ...(config.websocket ? ["websocket"] : []),
        ...(config.sse ? ["sse"] : []),
      ],
    }),
    ...connectRoutes({ oauth, signIns, authenticator: keys, accessTokens, cookies, publicUrl }),
    ...(parts.serverProof ? serverProofRoutes(parts.serverProof) : []),
    ...protectedResourceRoutes({ issuers, publicUrl, name: identity.name }),
    ...healthRoutes(parts.isReady),
  ];
  return [...described, ...openApiRoutes(described, { version: identity.version })];
}
