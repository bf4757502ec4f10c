import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import {
  AppError,
  messageOf,
  parsePrivateOrigins,
  parsePublicOrigin,
  parseRateLimits,
  parseTrustedProxies,
  type IssuerSettings,
  type OutboundPolicy,
  type RateLimits,
  type ServerSettingName,
  type TrustedProxies,
} from "../../src/index.ts";
import { readAuthorizationSettings } from "./authorization-settings.ts";
import type { LogFormat } from "./logging.ts";
import { parseChoice } from "./parse-choice.ts";
import { takeSecrets, type Environment, type Secrets } from "./secrets.ts";
import {
  readAuditSettings,
  readVaultSettings,
  type AuditSettings,
  type VaultSettings,
} from "./vault-settings.ts";

export type { Environment } from "./secrets.ts";

/** Flags of the command line; they win over the environment. */
export interface SettingFlags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly config?: string | undefined;
  readonly pluginsDir?: string | undefined;
  readonly dataDir?: string | undefined;
}

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Without a trailing slash; `null` when the server is known by its address. */
  readonly publicUrl: string | null;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly configFile: string;
  /** Whether somebody named the file: then it must exist. */
  readonly configNamed: boolean;
  readonly pluginsDir: string;
  readonly auth: "keys" | "none";
  /** Whether HTTP+SSE of 2024-11-05 is served. */
  readonly sse: boolean;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: LogFormat;
  readonly vault: VaultSettings;
  readonly audit: AuditSettings;
  /** What may be reached besides the internet. */
  readonly outbound: OutboundPolicy;
  /** Whose access tokens are taken at `/mcp`. */
  readonly issuers: readonly IssuerSettings[];
  readonly rateLimits: RateLimits;
  /** Settings that the environment has decided, of those that can be changed while the server runs. */
  readonly fixed: readonly ServerSettingName[];
  /** Proxies in front, whose word about where requests come from is taken. */
  readonly trustedProxies: TrustedProxies;
  readonly secrets: Secrets;
}

/**
 * Decides the server's settings: flags, then environment, then defaults. Paths are relative to the working directory.
 * A variable that is empty counts as not set.
 *
 * @param defaults where a command has others
 * @throws AppError `CONFIG_INVALID` that names the variable and what it may be
 */
export function readSettings(
  env: Environment,
  flags: SettingFlags = {},
  defaults: Pick<Settings, "logLevel"> = { logLevel: "info" },
): Settings {
  const secrets = takeSecrets(env);
  const text = (name: string) => env[name]?.trim() || null;
  const dataDir = resolve(flags.dataDir ?? text("MCP_DATA_DIR") ?? "data");
  const configFile = flags.config ?? text("MCP_CONFIG");
  return {
    port: parsePort(flags.port ?? text("PORT") ?? "3000"),
    host: flags.host ?? text("HOST") ?? "127.0.0.1",
    publicUrl: parsePublicUrl(text("PUBLIC_URL")),
    databaseUrl: text("DATABASE_URL") ?? `file:${join(dataDir, "server.db")}`,
    dataDir,
    configFile: resolve(configFile ?? "config/plugins.json"),
    configNamed: configFile !== null,
    pluginsDir: parsePluginsDir(flags.pluginsDir ?? text("MCP_PLUGINS_DIR")),
    auth: parseChoice("MCP_AUTH", text("MCP_AUTH") ?? "keys", ["keys", "none"]),
    sse: parseChoice("MCP_SSE", text("MCP_SSE") ?? "on", ["on", "off"]) === "on",
    tls: parseTls(text("TLS_CERT_FILE"), text("TLS_KEY_FILE")),
    logLevel: parseChoice("LOG_LEVEL", text("LOG_LEVEL") ?? defaults.logLevel, LOG_LEVELS),
    logFormat: parseChoice(
      "LOG_FORMAT",
      text("LOG_FORMAT") ?? (process.stderr.isTTY ? "pretty" : "json"),
      ["json", "pretty"],
    ),
    vault: readVaultSettings(text, dataDir),
    audit: readAuditSettings(text, dataDir),
    outbound: parseOutbound(text("MCP_ALLOW_PRIVATE_ORIGINS")),
    issuers: readAuthorizationSettings(env),
    rateLimits: parseLimits(text("MCP_RATE_LIMITS")),
    fixed: FIXED_BY.filter(([, variable]) => text(variable) !== null).map(([name]) => name),
    trustedProxies: parseProxies(text("MCP_TRUSTED_PROXIES")),
    secrets,
  };
}

/** By which variables the environment decides what could otherwise be changed while the server runs. */
const FIXED_BY = [
  ["logLevel", "LOG_LEVEL"],
  ["auditDays", "MCP_AUDIT_DAYS"],
  ["rateLimits", "MCP_RATE_LIMITS"],
] as const satisfies readonly (readonly [ServerSettingName, string])[];

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw invalid(`PORT must be a number from 0 to 65535 (0 takes a free one), not "${text}".`);
}

function parsePublicUrl(text: string | null): string | null {
  if (text === null) return null;
  const url = parsePublicOrigin(text);
  if (url !== null) return url.origin;
  throw invalid(
    `PUBLIC_URL must be an origin such as https://mcp.example.org (http on localhost alone), not "${text}".`,
  );
}

function parseOutbound(text: string | null): OutboundPolicy {
  const policy = parsePrivateOrigins(text ?? "");
  if (policy.ok) return policy.value;
  throw invalid(
    `MCP_ALLOW_PRIVATE_ORIGINS must be a list of origins such as https://git.example.org (http on localhost alone), or of the word loopback, not "${policy.reason}".`,
  );
}

function parseLimits(text: string | null): RateLimits {
  const limits = parseRateLimits(text ?? "");
  if (limits.ok) return limits.value;
  throw invalid(
    `MCP_RATE_LIMITS must be off, or limits in a minute such as "requests=3000, calls=1500, anonymous=300, failures=20" (off for none), not "${limits.reason}".`,
  );
}

function parseProxies(text: string | null): TrustedProxies {
  const proxies = parseTrustedProxies(text ?? "");
  if (proxies.ok) return proxies.value;
  throw invalid(
    `MCP_TRUSTED_PROXIES must be a list of addresses and ranges such as "loopback, 10.0.0.0/8", not "${proxies.reason}".`,
  );
}

/** A folder that somebody named must be there; the default one need not be. */
function parsePluginsDir(named: string | null): string {
  if (named === null) return resolve("plugins");
  const folder = resolve(named);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw invalid(`MCP_PLUGINS_DIR names ${folder}, which is not a folder.`);
}

function parseTls(certFile: string | null, keyFile: string | null): Settings["tls"] {
  if (certFile === null && keyFile === null) return null;
  if (certFile === null || keyFile === null) {
    throw invalid("TLS needs both TLS_CERT_FILE and TLS_KEY_FILE.");
  }
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  } catch (error) {
    throw invalid(`TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ${messageOf(error)}`);
  }
  return { certFile, keyFile };
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
