import { join, resolve } from "node:path";
import { AppError } from "../../src/index.ts";
import { parseChoice } from "./parse-choice.ts";

const VAULT_DRIVERS = ["database", "file", "aws", "azure"] as const;
/** What both clouds allow at the beginning of a name. */
const PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;

/** Where sealed credentials lie. */
export interface VaultSettings {
  readonly driver: (typeof VAULT_DRIVERS)[number];
  /** Folder of the `file` driver. */
  readonly folder: string;
  /** What the names of this server's secrets begin with in a cloud's store. */
  readonly prefix: string;
  /** Address of the Azure Key Vault; `null` for other drivers. */
  readonly url: string | null;
}

export interface AuditSettings {
  /** Folder of the journal. */
  readonly folder: string;
  /** File that keeps the heads of the chains, on another disk; `null` when there is none. */
  readonly anchorFile: string | null;
  /** Days that records are kept; `null` for ever. */
  readonly keepDays: number | null;
}

/** A variable's text without blanks around it; `null` when it is empty or not set. */
type ReadText = (name: string) => string | null;

/** @throws AppError `CONFIG_INVALID` that names the variable and what it may be */
export function readVaultSettings(text: ReadText, dataDir: string): VaultSettings {
  const driver = parseChoice("MCP_VAULT", text("MCP_VAULT") ?? "database", VAULT_DRIVERS);
  const folder = resolve(text("MCP_VAULT_DIR") ?? join(dataDir, "vault"));
  const prefix = text("MCP_VAULT_PREFIX") ?? "mcp-plugin-server";
  if (!PREFIX.test(prefix)) {
    throw invalid(
      `MCP_VAULT_PREFIX must consist of letters, digits and -, begin with a letter and have 32 characters at most, not "${prefix}".`,
    );
  }
  const url = driver === "azure" ? parseVaultUrl(text("MCP_VAULT_URL")) : null;
  return { driver, folder, prefix, url };
}

export function readAuditSettings(text: ReadText, dataDir: string): AuditSettings {
  const anchorFile = text("MCP_AUDIT_ANCHOR_FILE");
  return {
    folder: resolve(text("MCP_AUDIT_DIR") ?? join(dataDir, "audit")),
    anchorFile: anchorFile === null ? null : resolve(anchorFile),
    keepDays: parseDays(text("MCP_AUDIT_DAYS")),
  };
}

function parseDays(text: string | null): number | null {
  if (text === null) return null;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw invalid(`MCP_AUDIT_DAYS must be a number of days from 1 to 99999, not "${text}".`);
}

function parseVaultUrl(text: string | null): string {
  const url = text === null ? null : URL.parse(text);
  if (url?.protocol === "https:") return url.href;
  throw invalid("MCP_VAULT=azure needs MCP_VAULT_URL, such as https://my-vault.vault.azure.net.");
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
