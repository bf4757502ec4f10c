import { chmodSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { AppError, messageOf } from "../../src/index.ts";
import { hasCode } from "./has-code.ts";

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

/** Sets the mode of a file or folder, unless it is somebody else's. */
export function closeToOthers(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
  }
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
