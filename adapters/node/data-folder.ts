import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { AppError, parseMasterKey, randomToken } from "../../src/index.ts";

const KEY_FILE = "master.key";

/** Makes the data folder if need be, for its owner alone. */
export function prepareDataFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
}

/**
 * The master key: the given one, else the data folder's, else a new one that the data folder keeps from now on.
 *
 * @throws AppError `CONFIG_INVALID` for anything but 32 bytes; a file that does not hold a key is never overwritten
 */
export function loadMasterKey(folder: string, given: string | null): Uint8Array {
  if (given !== null) return parse(given, "MCP_MASTER_KEY");
  const path = join(folder, KEY_FILE);
  return parse(readKeyFile(path) ?? createKeyFile(path), path);
}

function readKeyFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function createKeyFile(path: string): string {
  const key = randomToken("");
  // "wx": of two first starts at once, one fails and not both go on with keys of their own.
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${key}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return key;
}

function parse(text: string, source: string): Uint8Array {
  const key = parseMasterKey(text);
  if (key.ok) return key.value;
  throw new AppError("CONFIG_INVALID", `${source}: ${key.reason}`);
}
