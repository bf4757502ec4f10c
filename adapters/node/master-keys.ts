import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError, parseMasterKey, type MasterKeyProvider } from "../../src/index.ts";
import { createKeyFile, readKeyFile, replaceFile } from "./key-file.ts";
import type { Settings } from "./settings.ts";

const KEY_FILE = "master.key";
const NEXT_KEY_FILE = "master.key.next";

/** Where the master key lies when none is given. */
export function masterKeyPath(dataDir: string): string {
  return join(dataDir, KEY_FILE);
}

/** Whether there is a master key, or a start would make one. */
export function hasMasterKey({ dataDir, secrets }: Pick<Settings, "dataDir" | "secrets">): boolean {
  return secrets.masterKey !== null || existsSync(masterKeyPath(dataDir));
}

/** Who holds the master key: the environment, if it names one, else the data folder. */
export function masterKeysOf({
  dataDir,
  secrets,
}: Pick<Settings, "dataDir" | "secrets">): MasterKeyProvider {
  return secrets.masterKey === null
    ? createFileMasterKeys(dataDir)
    : createGivenMasterKeys(secrets.masterKey, secrets.previousMasterKey);
}

/**
 * The master key in a file of the data folder, which makes one when there is none. It is read anew each time it is asked
 * for, because another process may have replaced it. Each method throws AppError `CONFIG_INVALID` for a file that does
 * not hold a key; such a file is never overwritten.
 */
export function createFileMasterKeys(dataDir: string): MasterKeyProvider {
  const path = masterKeyPath(dataDir);
  const nextPath = join(dataDir, NEXT_KEY_FILE);
  const load = (file: string) => parse(readKeyFile(file) ?? createKeyFile(file), file);
  return {
    current: async () => load(path),
    async others() {
      const next = readKeyFile(nextPath);
      return next === null ? [] : [parse(next, nextPath)];
    },
    rotation: {
      prepare: async () => load(nextPath),
      async finish() {
        // What an interrupted rotation left may be half a key of somebody else's making: it must not become the key.
        const next = readKeyFile(nextPath);
        if (next === null) return;
        parse(next, nextPath).fill(0);
        replaceFile(nextPath, path);
      },
    },
  };
}

/**
 * The master key as the environment names it. Whoever runs the server changes it there, so nothing here does.
 *
 * @throws AppError `CONFIG_INVALID` for anything but 32 bytes
 */
export function createGivenMasterKeys(current: string, previous: string | null): MasterKeyProvider {
  const key = parse(current, "MCP_MASTER_KEY");
  const before = previous === null ? null : parse(previous, "MCP_MASTER_KEY_PREVIOUS");
  return {
    current: async () => key.slice(),
    others: async () => (before === null ? [] : [before.slice()]),
  };
}

/** What to do instead of `rotate-master`, where the environment holds the key. */
export const ROTATE_GIVEN_KEY =
  "The master key comes from MCP_MASTER_KEY, so it is replaced there: set MCP_MASTER_KEY to the new key (openssl rand -base64 32) and MCP_MASTER_KEY_PREVIOUS to the old one, restart, and take MCP_MASTER_KEY_PREVIOUS away once the server runs.";

function parse(text: string, source: string): Uint8Array {
  const key = parseMasterKey(text);
  if (key.ok) return key.value;
  throw new AppError("CONFIG_INVALID", `${source}: ${key.reason}`);
}
