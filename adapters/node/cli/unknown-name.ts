import { AppError } from "../../../src/index.ts";
import { printable } from "./printable.ts";

/**
 * What a command was to do with a thing that somebody has named. The API says that there is nothing; only here it is known what
 * was looked for.
 *
 * @param list the command that lists what there is
 */
export async function withNamed<T>(
  { what, name, list }: { readonly what: string; readonly name: string; readonly list: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "NOT_FOUND") throw error;
    throw new AppError(
      "NOT_FOUND",
      `There is no ${what} "${printable(name)}" now. "mcp-plugin-server ${list}" shows those that there are.`,
      { cause: error },
    );
  }
}
