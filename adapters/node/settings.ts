import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError, messageOf } from "../../src/index.ts";
import type { LogFormat } from "./logging.ts";

/** The environment's variables, or a test's. Secrets are taken out of it when they have been read. */
export type Environment = Record<string, string | undefined>;

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
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: LogFormat;
  readonly secrets: {
    readonly adminToken: string | null;
    readonly clientKey: string | null;
    readonly masterKey: string | null;
  };
}

const SECRETS = ["MCP_ADMIN_TOKEN", "MCP_CLIENT_KEY", "MCP_MASTER_KEY"] as const;
/** 128 bits in any encoding are longer; what is shorter was made up by a person. */
const MIN_SECRET_CHARS = 22;

/**
 * Decides the server's settings: flags, then environment, then defaults. Paths are relative to the working directory.
 *
 * @throws AppError `CONFIG_INVALID` that names the variable and what it may be
 */
export function readSettings(env: Environment, flags: SettingFlags = {}): Settings {
  const text = (name: string) => {
    const value = env[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };
  const [adminToken, clientKey, masterKey] = SECRETS.map((name) => takeSecret(env, name));
  const dataDir = resolve(flags.dataDir ?? text("MCP_DATA_DIR") ?? "data");
  const configFile = flags.config ?? text("MCP_CONFIG");
  return {
    port: parsePort(flags.port ?? text("PORT") ?? "3000"),
    host: flags.host ?? text("HOST") ?? "127.0.0.1",
    publicUrl: parsePublicUrl(text("PUBLIC_URL")),
    databaseUrl: text("DATABASE_URL") ?? `file:${join(dataDir, "server.db")}`,
    dataDir,
    configFile: resolve(configFile ?? "config/plugins.json"),
    configNamed: configFile !== null && configFile !== undefined,
    pluginsDir: resolve(flags.pluginsDir ?? text("MCP_PLUGINS_DIR") ?? "plugins"),
    auth: parseChoice("MCP_AUTH", text("MCP_AUTH") ?? "keys", ["keys", "none"]),
    tls: parseTls(text("TLS_CERT_FILE"), text("TLS_KEY_FILE")),
    logLevel: parseChoice("LOG_LEVEL", text("LOG_LEVEL") ?? "info", LOG_LEVELS),
    logFormat: parseChoice(
      "LOG_FORMAT",
      text("LOG_FORMAT") ?? (process.stderr.isTTY ? "pretty" : "json"),
      ["json", "pretty"],
    ),
    secrets: {
      adminToken: checkSecret("MCP_ADMIN_TOKEN", adminToken ?? null),
      clientKey: checkSecret("MCP_CLIENT_KEY", clientKey ?? null),
      masterKey: masterKey ?? null,
    },
  };
}

/** Reads a secret, or the file that its `_FILE` twin names, and takes both out of the environment. */
function takeSecret(env: Environment, name: string): string | null {
  const value = env[name]?.trim();
  const file = env[`${name}_FILE`]?.trim();
  delete env[name];
  delete env[`${name}_FILE`];
  if (value && file) throw invalid(`Set ${name} or ${name}_FILE, not both.`);
  if (!file) return value === undefined || value === "" ? null : value;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw invalid(`${name}_FILE cannot be read: ${messageOf(error)}`);
  }
}

function checkSecret(name: string, value: string | null): string | null {
  if (value === null || (value.length >= MIN_SECRET_CHARS && /^[\x21-\x7e]+$/.test(value))) {
    return value;
  }
  throw invalid(
    `${name} must have at least ${MIN_SECRET_CHARS} printable ASCII characters and no spaces, as from: openssl rand -base64 32`,
  );
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw invalid(`PORT must be a number from 0 to 65535 (0 takes a free one), not "${text}".`);
}

function parsePublicUrl(text: string | null): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url !== null && url.pathname === "/" && url.search === "" && url.hash === "";
  if (plain && (url.protocol === "https:" || url.protocol === "http:") && url.username === "") {
    return url.origin;
  }
  throw invalid(`PUBLIC_URL must be an origin such as https://mcp.example.org, not "${text}".`);
}

function parseTls(certFile: string | null, keyFile: string | null): Settings["tls"] {
  if (certFile === null && keyFile === null) return null;
  if (certFile === null || keyFile === null) {
    throw invalid("TLS needs both TLS_CERT_FILE and TLS_KEY_FILE.");
  }
  return { certFile, keyFile };
}

function parseChoice<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw invalid(`${name} must be one of ${choices.join(", ")}, not "${text}".`);
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
