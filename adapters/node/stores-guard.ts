import { existsSync, statSync } from "node:fs";
import { AppError } from "../../src/index.ts";
import { databasePath } from "./database.ts";
import { hasMasterKey, masterKeyPath } from "./master-keys.ts";
import type { Settings } from "./settings.ts";

type Place = Pick<Settings, "dataDir" | "databaseUrl" | "secrets">;

/**
 * That there is something to read. Opening it would make folder, master key and database, and find the vault empty and
 * well where somebody has mistyped a name.
 *
 * @throws AppError `CONFIG_INVALID` that names the folder
 */
export function assertStoresThere(settings: Place): void {
  const { dataDir } = settings;
  const path = databasePath(settings.databaseUrl);
  if (path !== null && !existsSync(path)) {
    throw new AppError(
      "CONFIG_INVALID",
      `There is no database ${path}, so there is no vault: does MCP_DATA_DIR (${dataDir}) name the server's data folder? A first start, "credentials set" and "vault import" make one.`,
    );
  }
  if (existsSync(dataDir) || hasMasterKey(settings)) return;
  throw new AppError(
    "CONFIG_INVALID",
    `There is no folder ${dataDir}, and so no master key: does MCP_DATA_DIR name the server's data folder?`,
  );
}

/** @throws AppError `CONFIG_INVALID` when the data are another user's (`ownerFault`) */
export function assertOwnStores(settings: Place): void {
  const fault = ownerFault(settings);
  if (fault !== null) throw new AppError("CONFIG_INVALID", fault);
}

/**
 * Says whose the data are when they are another user's than this process's, else `null`. What this process adds to them
 * is closed to that user: its server could not read the audit record any more.
 *
 * The files tell, and not the folder: that of a mounted volume is often root's, and its files the server's. Where there
 * are no files yet, root alone takes the folder's owner for the server's user.
 *
 * @param uid of this process; none on Windows
 */
export function ownerFault(
  { dataDir, databaseUrl }: Pick<Place, "dataDir" | "databaseUrl">,
  uid: number | undefined = process.getuid?.(),
): string | null {
  if (uid === undefined) return null;
  const files = [
    databasePath(databaseUrl),
    masterKeyPath(dataDir),
    ...(uid === 0 ? [dataDir] : []),
  ];
  for (const path of files) {
    const owner = path === null ? undefined : statSync(path, { throwIfNoEntry: false })?.uid;
    if (owner === undefined) continue;
    return owner === uid
      ? null
      : `${path} belongs to another user (${owner}), and files that this makes would be closed to that one: run it as that user, with sudo -u '#${owner}'.`;
  }
  return null;
}
