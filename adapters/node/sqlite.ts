import SqliteDatabase from "better-sqlite3";
import { drizzle, type BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { chmodSync, closeSync, openSync } from "node:fs";
import { AppError, createTransactions, messageOf, type VaultDatabase } from "../../src/index.ts";
import { MIGRATION_ATTEMPTS, MIGRATIONS } from "./migrations.ts";

const FULL = 2;
const BETWEEN_ATTEMPTS_MS = 20;
const BUSY_TIMEOUT_MS = 5_000;

/** Set on every open: most of them are the connection's and not the file's. */
const PRAGMAS = [
  `busy_timeout = ${BUSY_TIMEOUT_MS}`,
  "journal_mode = WAL",
  "synchronous = FULL",
  "secure_delete = ON",
  "trusted_schema = OFF",
  "cell_size_check = ON",
  "foreign_keys = ON",
] as const;

export interface OpenDatabase extends VaultDatabase {
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
 * @throws AppError `CONFIG_INVALID` for a file that cannot be opened as a database
 */
export function openSqlite(path: string): OpenDatabase {
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
function prepare(sqlite: SqliteDatabase.Database): BetterSQLite3Database {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const pragma of PRAGMAS) sqlite.pragma(pragma);
      assertSafe(sqlite);
      const db = drizzle(sqlite);
      migrate(db, { migrationsFolder: MIGRATIONS });
      return db;
    } catch (error) {
      if (attempt === MIGRATION_ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_ATTEMPTS_MS);
    }
  }
}

/** SQLite passes over a pragma that it does not know or cannot grant. */
function assertSafe(sqlite: SqliteDatabase.Database): void {
  for (const [name, value] of [
    ["synchronous", FULL],
    ["secure_delete", 1],
    ["trusted_schema", 0],
  ] as const) {
    if (sqlite.pragma(name, { simple: true }) !== value) {
      throw new Error(`SQLite did not accept ${name}=${value}`);
    }
  }
}

function toOpenDatabase(sqlite: SqliteDatabase.Database, db: BetterSQLite3Database): OpenDatabase {
  return {
    db,
    atomically: createTransactions(db),
    purge: () => truncateLog(sqlite),
    isReady: async () => sqlite.prepare("select 1").get() !== undefined,
    close: () => void sqlite.close(),
  };
}

/**
 * The write-ahead log has what a page held before a row was overwritten, until it is cut. While another process reads, it
 * stays: then the next purge does it, or the last one to close the database.
 */
function truncateLog(sqlite: SqliteDatabase.Database): void {
  // It would wait for the other, and everything in this process with it.
  sqlite.pragma("busy_timeout = 0");
  try {
    sqlite.pragma("wal_checkpoint(TRUNCATE)");
  } catch {
    // What was deleted is deleted: a full disk, too, is something for the next purge.
  } finally {
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}
