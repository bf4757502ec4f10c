import SqliteDatabase from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { chmodSync, closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AppError, messageOf, type Database } from "../../src/index.ts";

const MIGRATIONS = fileURLToPath(new URL("../../drizzle/migrations/sqlite", import.meta.url));
const FULL = 2;
/** Of several processes that make the tables at once, one does it in a moment, and the others find them there. */
const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 20;

/** Set on every open: most of them are the connection's and not the file's. */
const PRAGMAS = [
  "busy_timeout = 5000",
  "journal_mode = WAL",
  "synchronous = FULL",
  "secure_delete = ON",
  "trusted_schema = OFF",
  "cell_size_check = ON",
  "foreign_keys = ON",
] as const;

export interface OpenDatabase {
  readonly db: Database;
  /** Whether it answers a query. Rejects with the reason when it cannot be asked. */
  isReady(): Promise<boolean>;
  close(): void;
}

/**
 * Opens the embedded database and brings its tables up to date.
 *
 * A commit survives a power cut: `synchronous=FULL` is set on every open, because re-opening a WAL database gives
 * NORMAL (measured with SQLite 3.53). Deleted content is overwritten (`secure_delete`).
 *
 * @throws AppError `CONFIG_INVALID` for a URL that is not `file:`, or a file that cannot be opened as a database
 */
export function openDatabase(url: string): OpenDatabase {
  const path = databasePath(url);
  let sqlite: SqliteDatabase.Database | null = null;
  try {
    // Made by us, so that it is nobody else's for no moment; its -wal and -shm files get the same mode.
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
    sqlite = new SqliteDatabase(path);
    return toOpenDatabase(sqlite, prepare(sqlite));
  } catch (error) {
    sqlite?.close();
    throw new AppError(
      "CONFIG_INVALID",
      `The database ${path} cannot be opened: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * Drizzle reads which migrations are missing before it begins its transaction, and SQLite refuses two changes of the
 * journal's mode at once, so of several first starts only one may get through at the first attempt.
 */
function prepare(sqlite: SqliteDatabase.Database): Database {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const pragma of PRAGMAS) sqlite.pragma(pragma);
      if (sqlite.pragma("synchronous", { simple: true }) !== FULL) {
        throw new Error("SQLite did not accept synchronous=FULL");
      }
      const db = drizzle(sqlite);
      migrate(db, { migrationsFolder: MIGRATIONS });
      return db;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_ATTEMPTS_MS);
    }
  }
}

function toOpenDatabase(sqlite: SqliteDatabase.Database, db: Database): OpenDatabase {
  return {
    db,
    isReady: async () => sqlite.prepare("select 1").get() !== undefined,
    close: () => void sqlite.close(),
  };
}

/** @throws AppError `CONFIG_INVALID` for a URL that names no file */
export function databasePath(url: string): string {
  if (!url.startsWith("file:") || /^file:($|:|\/\/(?!\/))/.test(url) || url.includes("?")) {
    throw new AppError(
      "CONFIG_INVALID",
      "DATABASE_URL must be file: and the path of an SQLite file, such as file:data/server.db.",
    );
  }
  return url.startsWith("file:///") ? fileURLToPath(url) : url.slice("file:".length);
}
