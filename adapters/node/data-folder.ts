import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf, parseMasterKey, randomToken } from "../../src/index.ts";

const KEY_FILE = "master.key";
/** Of folders that everybody may write to, such as /tmp. */
const STICKY = 0o1000;
/** What group and others may do. */
const OTHERS = 0o077;
const OUR_FILES = /^(master\.key|server\.db)$/;

/**
 * Makes the data folder if need be, for its owner alone. One that exists is closed to others where it is ours; where
 * it is not (a mounted volume), the modes of the files in it have to do.
 *
 * @throws AppError `CONFIG_INVALID` when there can be no such folder, or it is everybody's
 */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw invalid(`The data folder ${folder} cannot be made: ${messageOf(error)}`);
  }
  const fault = dataFolderFault(folder);
  if (fault !== null) throw invalid(fault);
  closeToOthers(folder, 0o700);
}

/**
 * Why an existing folder cannot hold the data, or `null`. It gets the mode 0700, so it must not be one that others need:
 * it is closed already, or empty, or has our files in it.
 */
export function dataFolderFault(folder: string): string | null {
  const { mode } = statSync(folder);
  const isShared = (mode & STICKY) !== 0;
  const files = (mode & OTHERS) === 0 ? [] : readdirSync(folder);
  const isForeign = files.length > 0 && !files.some((name) => OUR_FILES.test(name));
  return isShared || isForeign
    ? `${folder} is used by others, too: name a folder of its own for the data (MCP_DATA_DIR).`
    : null;
}

/** Where the master key lies when none is given. */
export function masterKeyPath(folder: string): string {
  return join(folder, KEY_FILE);
}

/**
 * The master key: the given one, else the data folder's, else a new one that the data folder keeps from now on.
 *
 * @throws AppError `CONFIG_INVALID` for anything but 32 bytes; a file that does not hold a key is never overwritten
 */
export function loadMasterKey(folder: string, given: string | null): Uint8Array {
  if (given !== null) return parse(given, "MCP_MASTER_KEY");
  const path = masterKeyPath(folder);
  return parse(readKeyFile(path) ?? createKeyFile(path), path);
}

function readKeyFile(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8");
    closeToOthers(path, 0o600);
    return text;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw invalid(`The master key ${path} cannot be read: ${messageOf(error)}`);
  }
}

/**
 * The file is whole or not there, whenever the power goes: it is written under another name first. Of two first starts
 * at once, both go on with the key of the one that came first.
 */
function createKeyFile(path: string): string {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, `${randomToken("")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    publish(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dirname(path));
  return readFileSync(path, "utf8");
}

/** Gives a file its name unless that is taken. A file system without links (exFAT) has to do with a copy. */
function publish(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw error;
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  }
}

/** Makes the new name survive a power cut, where the platform can do that. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Windows opens no folders.
  }
}

function closeToOthers(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
  }
}

function parse(text: string, source: string): Uint8Array {
  const key = parseMasterKey(text);
  if (key.ok) return key.value;
  throw invalid(`${source}: ${key.reason}`);
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
