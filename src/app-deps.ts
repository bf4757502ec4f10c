import type { IssuerSettings } from "./types/access-tokens.ts";
import type { AuditRoutesDeps } from "./api/routes/audit.ts";
import type { Turns } from "./core/auth/instance-writes.ts";
import type { ServerProof } from "./core/auth/server-proof.ts";
import type { TrustedProxies } from "./core/limits/client-address.ts";
import type { LoadMeter } from "./core/limits/load-shedder.ts";
import type { RateLimits } from "./core/limits/rate-limits.ts";
import type { AdjustableServer } from "./core/live-settings.ts";
import type { StepLimits } from "./core/plugin-steps.ts";
import type { ServerIdentity } from "./core/plugin-mcp-server.ts";
import type { LogFeed } from "./core/log-feed.ts";
import type { AuditTrail } from "./core/audit.ts";
import type { RuntimeStats } from "./types/runtime-stats.ts";
import type { AuditLog } from "./types/audit.ts";
import type { HostKind, PluginHost } from "./types/host.ts";
import type {
  InstanceEntry,
  InstanceStore,
  PluginDiscovery,
  ToolSettingsStore,
} from "./types/instances.ts";
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
  readonly toolSettings: ToolSettingsStore;
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
  readonly auditTrail: (AuditRoutesDeps["trail"] & Pick<AuditTrail, "status" | "subscribe">) | null;
  /** Lines of the log, for those who watch; left out where the log is read elsewhere. */
  readonly logs?: LogFeed;
  /** How the process is doing, for `/metrics`, which is not there without it. */
  readonly runtimeStats?: RuntimeStats;
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
  /** Whose access tokens are taken at `/mcp`; nobody's when left out. */
  readonly issuers?: readonly IssuerSettings[];
  /** How often callers may do what; as often as they like when left out. */
  readonly rateLimits?: RateLimits;
  /** By which the server's own settings can be changed while it runs; they cannot when it is left out. */
  readonly serverSettings?: AdjustableServer;
  /** Whose word counts about where a request comes from; nobody's when left out. */
  readonly trustedProxies?: TrustedProxies;
  /** Tells when requests must be refused so that others are answered; none are when left out. */
  readonly loadMeter?: LoadMeter;
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
