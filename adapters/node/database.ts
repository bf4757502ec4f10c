import { fileURLToPath } from "node:url";
import { AppError } from "../../src/index.ts";
import { openSqlite, type OpenDatabase } from "./sqlite.ts";

export type { OpenDatabase } from "./sqlite.ts";

/**
 * Opens the database that a URL names, and brings its tables up to date: an SQLite file in this process (`file:`), or a
 * server that speaks libSQL's protocol.
 *
 * @param authToken for the server
 * @throws AppError `CONFIG_INVALID` for another URL, or when what it names cannot be opened
 */
export async function openDatabase(
  url: string,
  authToken: string | null = null,
): Promise<OpenDatabase> {
  const path = databasePath(url);
  if (path !== null) return openSqlite(path);
  // Most servers have a file, and need none of it.
  const { openLibsql } = await import("./libsql.ts");
  return openLibsql(url, authToken);
}

/**
 * The file that a URL names, or `null` when it names a server.
 *
 * @throws AppError `CONFIG_INVALID` for a URL that names neither, or holds a secret
 */
export function databasePath(url: string): string | null {
  if (/^(?:libsql|https?|wss?):\/\//.test(url)) return assertServer(url);
  if (!url.startsWith("file:") || /^file:($|:|\/\/(?!\/))/.test(url) || url.includes("?")) {
    throw invalid(
      "DATABASE_URL must be file: and the path of an SQLite file, such as file:data/server.db, or the libsql:, https: or wss: URL of a server.",
    );
  }
  return url.startsWith("file:///") ? fileURLToPath(url) : url.slice("file:".length);
}

/** URLs are shown and logged, so they must not hold what lets somebody in. */
function assertServer(text: string): null {
  const url = URL.parse(text);
  if (url === null || url.hostname === "") throw invalid("DATABASE_URL is no valid URL.");
  const foreign = [...url.searchParams.keys()].some((name) => name !== "tls");
  if (url.username === "" && url.password === "" && url.hash === "" && !foreign) return null;
  throw invalid(
    "DATABASE_URL must hold no user, no token and no option but tls. The token goes into DATABASE_AUTH_TOKEN.",
  );
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
