import type { CredentialListing, Owner, VaultFault, VaultStatus } from "../../../src/index.ts";
import type { Settings } from "../settings.ts";
import { AppError } from "../../../src/index.ts";
import type { AdminApi, Report } from "./admin-api.ts";
import type { LocalAdminOptions } from "./local-admin.ts";
import { createPlainLogger } from "./plain-logger.ts";
import { AdminClient, provesItself } from "./admin-client.ts";
import { readServerFile, type ServerFile } from "../server-file.ts";
import { createRemoteAccess } from "./remote-access.ts";
import { hasCode } from "../has-code.ts";
import type { Output } from "./output.ts";

export interface CredentialName {
  readonly plugin: string;
  readonly name: string;
  readonly owner: Owner;
}

export interface Verified {
  readonly checked: number;
  readonly faults: readonly VaultFault[];
}

/** What the commands need of the vault, whether they open it themselves or ask the server that has it open. */
export interface VaultAccess {
  /**
   * Answers whether anybody was there who knows the form of the value.
   *
   * @throws AppError `NOT_FOUND` for an instance that is not configured, `CREDENTIAL_INVALID`
   */
  set(credential: CredentialName, value: string): Promise<{ readonly isChecked: boolean }>;
  list(plugin: string | undefined): Promise<readonly CredentialListing[]>;
  /** @throws AppError `CREDENTIAL_NOT_FOUND` */
  remove(credential: CredentialName): Promise<void>;
  status(): Promise<VaultStatus>;
  rotate(plugin: string | undefined, report: Report): Promise<void>;
  rotateMaster(report: Report): Promise<void>;
  verify(report: Report): Promise<Verified>;
  exportBackup(passphrase: string): Promise<string>;
  importBackup(passphrase: string, backup: string): Promise<{ readonly imported: number }>;
  close(): Promise<void>;
}

/**
 * The vault of the data folder: through the server that runs on it, or directly when none does.
 *
 * @throws AppError `UNAUTHENTICATED` when a server runs and the admin token is not known; `CONFIG_INVALID` when there is
 * no vault, unless it may be made
 */
export async function openVaultAccess(
  settings: Settings,
  output: Output,
  { mayMake = false }: { readonly mayMake?: boolean } = {},
): Promise<VaultAccess> {
  const server = await findServer(settings.dataDir);
  if (server === null) {
    // Opening a vault takes modules that a request to a server does not need.
    const { openLocalAccess } = await import("./local-access.ts");
    return openLocalAccess(settings, output, mayMake);
  }
  const client = toClient(server, settings);
  if (client !== null) return createRemoteAccess(client);
  throw tokenNeeded(server, settings);
}

/**
 * The server that runs on the data folder, for what nobody else can do.
 *
 * @throws AppError `CONFIG_INVALID` when none runs, `UNAUTHENTICATED` when the admin token is not known
 */
export async function openRunningServer(settings: Settings): Promise<AdminClient> {
  const server = await findServer(settings.dataDir);
  if (server === null) {
    throw new AppError(
      "CONFIG_INVALID",
      `No server runs on ${settings.dataDir}, and accounts are connected through it: start it first.`,
    );
  }
  const client = toClient(server, settings);
  if (client !== null) return client;
  throw new AppError(
    "UNAUTHENTICATED",
    `This goes through the server ${server.url}: set MCP_ADMIN_TOKEN (or MCP_ADMIN_TOKEN_FILE) to its admin token.`,
  );
}

/**
 * The admin API of the data folder: of the server that runs on it, or answered by this process when none does.
 *
 * @throws AppError `UNAUTHENTICATED` when a server runs and the admin token is not known
 */
export async function openAdminApi(
  settings: Settings,
  output: Output,
  options: LocalAdminOptions = { withPlugins: false },
): Promise<AdminApi> {
  const server = await findServer(settings.dataDir);
  if (server === null) {
    const { openLocalAdmin } = await import("./local-admin.ts");
    return openLocalAdmin(settings, createPlainLogger(output), options);
  }
  const client = toClient(server, settings);
  if (client !== null) return client;
  throw tokenNeeded(server, settings);
}

function tokenNeeded({ url, pid }: ServerFile, { dataDir }: Settings): AppError {
  return new AppError(
    "UNAUTHENTICATED",
    `The server ${url} (process ${pid}) runs on ${dataDir}, so this goes through it: set MCP_ADMIN_TOKEN (or MCP_ADMIN_TOKEN_FILE) to its admin token, or stop it first.`,
  );
}

function toClient(server: ServerFile, { secrets }: Settings): AdminClient | null {
  return secrets.adminToken === null ? null : new AdminClient(server, secrets.adminToken);
}

/** The server that runs on a data folder. One that has ended without saying so is none, and neither is who has its port now. */
export async function findServer(dataDir: string): Promise<ServerFile | null> {
  const server = readServerFile(dataDir);
  if (server === null || !isAlive(server.pid)) return null;
  return (await provesItself(server)) ? server : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return hasCode(error, "EPERM");
  }
}
