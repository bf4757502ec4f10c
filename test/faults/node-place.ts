import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase, type OpenDatabase } from "../../adapters/node/database.ts";
import { openNodeVault } from "../../adapters/node/open-vault.ts";
import { readSettings } from "../../adapters/node/settings.ts";
import {
  createScrubber,
  type CredentialId,
  type Logger,
  type OpenedVault,
  type OwnerVault,
  type Vault,
  type VaultActor,
} from "../../src/index.ts";

export const DRIVERS = ["database", "file"] as const;
export type NodeDriver = (typeof DRIVERS)[number];

export const FAULT_ACTOR: VaultActor = { actor: "system", requestId: null };

export interface NodePlace extends OpenedVault {
  readonly database: OpenDatabase;
}

const silent = () => undefined;
export const SILENT: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  with: () => SILENT,
};

/** The vault of a data folder, as a server opens it. `close` closes the database, too. */
export async function openPlace(folder: string, driver: NodeDriver): Promise<NodePlace> {
  const settings = readSettings({ MCP_DATA_DIR: folder, MCP_VAULT: driver });
  const database = await openDatabase(settings.databaseUrl);
  try {
    const opened = await openNodeVault({
      settings,
      database,
      scrubber: createScrubber(),
      logger: SILENT,
    });
    return {
      ...opened,
      database,
      async close() {
        await opened.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The value of a credential; `null` when there is none. */
export async function readValue(
  { vault }: Pick<OpenedVault, "vault">,
  id: CredentialId,
): Promise<string | null> {
  const found = await ownerVault(vault, id).useCredential(id.instanceId, id.name, (secret) =>
    Buffer.from(secret).toString(),
  );
  return found?.value ?? null;
}

/** Where a credential is, be it a plugin's or the server's own. */
export function ownerVault(vault: Vault, { owner, name }: CredentialId): OwnerVault {
  return name.startsWith("$") ? vault.reserved(owner, FAULT_ACTOR) : vault.for(owner, FAULT_ACTOR);
}

/**
 * A new folder, and the way to remove it. In memory where that can be: what a killed process has written is the kernel's
 * there, too, and a disk that takes its time to sync leaves few writes to a second.
 */
export function makePlaceFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "mcp-faults-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
