import { constants, type Stats } from "node:fs";
import { chmod, lstat, open, unlink, type FileHandle } from "node:fs/promises";
import { AppError } from "../../../src/index.ts";

/** A sealed record is far smaller. Whatever is larger is not ours, and is not read into memory. */
export const MAX_FILE_BYTES = 256 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const OTHERS = 0o077;
/** No link is followed, and a FIFO makes nobody wait. Windows has neither of the two flags. */
const GUARDED = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** What platforms answer where a folder cannot be opened or synced. */
const NO_FOLDER_SYNC = new Set(["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "EBADF"]);

/** The bytes of a regular file of ours; `null` when there is none. @throws AppError `VAULT_UNAVAILABLE` for anything else */
export async function readGuarded(path: string): Promise<Buffer | null> {
  const file = await openGuarded(path, constants.O_RDONLY);
  if (file === null) return null;
  try {
    const { size } = await checkFile(file, path);
    const bytes = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Makes a file that was not there, for its owner alone. Its bytes are on the disk afterwards; its name may not be yet. */
export async function createFile(path: string, bytes: Buffer): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | GUARDED;
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Overwrites a file with zeros, on the disk, and removes it. Does nothing when there is none. */
export async function wipe(path: string): Promise<void> {
  const file = await openGuarded(path, constants.O_RDWR);
  if (file === null) return;
  try {
    const { size, nlink } = await checkFile(file, path);
    // Under a second name it is somebody else's, too: a backup, or a file that was put here to be destroyed.
    if (nlink === 1) await overwrite(file, size);
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  } finally {
    await file.close();
  }
}

/**
 * Removes a file, and overwrites it once it has no name any more: another process that gave it a new name meanwhile keeps it
 * whole.
 */
export async function discard(path: string): Promise<void> {
  const file = await holdFile(path);
  try {
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  } finally {
    await overwriteUnnamed(file);
  }
}

/** A file that is about to lose its name, so that `overwriteUnnamed` can have its bytes when that has happened. */
export async function holdFile(path: string): Promise<FileHandle | null> {
  // Windows does not rename over a file that is open.
  if (process.platform === "win32") return null;
  return openGuarded(path, constants.O_RDWR);
}

/** Overwrites a file with zeros if it has no name any more, and lets go of it. Best effort: nobody can reach it anyway. */
export async function overwriteUnnamed(file: FileHandle | null): Promise<void> {
  if (file === null) return;
  try {
    const { size, nlink } = await file.stat();
    if (nlink === 0) await overwrite(file, size);
  } catch {
    // A disk that fails here has been reported by what came before, or will be by what comes next.
  } finally {
    await file.close().catch(() => {});
  }
}

/** Makes names in a folder survive a power cut, where the platform can do that. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(codeOf(error))) throw error;
  }
}

/**
 * What a folder of ours is, `null` when there is nothing under this very name. One that others may read is closed to them.
 *
 * @throws AppError `VAULT_UNAVAILABLE` for a link, for anything but a folder, and for one that others may write to
 */
export async function ownFolder(path: string): Promise<Stats | null> {
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
  if (!stats.isDirectory()) throw refused(path, "is not a folder");
  assertOurs(stats, path);
  if (isOpenToOthers(stats)) await chmod(path, 0o700);
  return stats;
}

/** Whether others may read a folder of ours. */
export async function isFolderOpen(path: string): Promise<boolean> {
  return isOpenToOthers(await lstat(path));
}

export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

/** The code that the system gave an error; empty for errors that it did not make. */
export function codeOf(error: unknown): string {
  const isOfSystem = error instanceof Error && "syscall" in error && "code" in error;
  return isOfSystem ? String(error.code) : "";
}

async function openGuarded(path: string, flags: number): Promise<FileHandle | null> {
  try {
    return await open(path, flags | GUARDED);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    if (hasCode(error, "ELOOP")) throw refused(path, "is a link");
    if (hasCode(error, "EISDIR") || hasCode(error, "ENXIO")) throw refused(path, "is not a file");
    throw error;
  }
}

async function checkFile(file: FileHandle, path: string): Promise<Stats> {
  const stats = await file.stat();
  if (!stats.isFile()) throw refused(path, "is not a file");
  if (stats.size > MAX_FILE_BYTES) throw refused(path, `has more than ${MAX_FILE_BYTES} bytes`);
  assertOurs(stats, path);
  if (isOpenToOthers(stats)) await file.chmod(0o600);
  return stats;
}

/** Windows has no owners and modes of this kind: there the access list of the folder has to do. */
function assertOurs({ uid, mode }: Stats, path: string): void {
  const own = process.getuid?.();
  if (own === undefined) return;
  if (uid !== own && uid !== 0) throw refused(path, "belongs to somebody else");
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw refused(path, "may be written by others");
}

function isOpenToOthers({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & OTHERS) !== 0;
}

async function overwrite(file: FileHandle, size: number): Promise<void> {
  const zeros = Buffer.alloc(size);
  let written = 0;
  while (written < size) {
    written += (await file.write(zeros, written, size - written, written)).bytesWritten;
  }
  await file.sync();
}

export function refused(path: string, why: string): AppError {
  return new AppError("VAULT_UNAVAILABLE", `${path} ${why}; the vault does not use it.`);
}
