import { openSync } from "node:fs";
import { AppError, messageOf } from "../../../src/index.ts";
import { hasCode } from "../has-code.ts";

/**
 * Opens a file that is not there yet, for its owner alone.
 *
 * @throws AppError `CONFIG_INVALID` when it is
 */
export function createNewFile(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    throw new AppError("CONFIG_INVALID", `${path} is there already: ${messageOf(error)}`);
  }
}
