import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { AppError, messageOf, randomToken } from "../../src/index.ts";
import { closeToOthers } from "./data-folder.ts";
import { hasCode } from "./has-code.ts";

/**
 * The text of a file that holds a key; `null` when there is none. It is closed to others.
 *
 * @throws AppError `CONFIG_INVALID` when it cannot be read
 */
export function readKeyFile(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8");
    closeToOthers(path, 0o600);
    return text;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw new AppError(
      "CONFIG_INVALID",
      `The master key ${path} cannot be read: ${messageOf(error)}`,
    );
  }
}

/** 32 random bytes as a key file has them. */
export function randomKeyText(): string {
  return `${randomToken("")}\n`;
}

/**
 * Makes a file with a key, unless it is there. The file is whole or not there, whenever the power goes: it is written under
 * another name first. Of two processes at once, both go on with the key of the one that came first.
 */
export function createKeyFile(path: string, text: string): void {
  const draft = writeDraft(path, text);
  try {
    publish(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dirname(path));
}

/** Makes a file with a key, also in the place of another. It is whole at every moment. */
export function putKeyFile(path: string, text: string): void {
  replaceFile(writeDraft(path, text), path);
}

/** Also of one that is not there. */
export function removeKeyFile(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

/** Puts a file in the place of another, in one step that survives a power cut. `false` when there is none to put there. */
export function replaceFile(from: string, to: string): boolean {
  try {
    renameSync(from, to);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
  syncFolder(dirname(to));
  return true;
}

/** Writes a file beside the one that it will be, and answers its name. */
function writeDraft(path: string, text: string): string {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
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

/** Makes a new name survive a power cut, where the platform can do that. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Windows opens no folders.
  }
}
