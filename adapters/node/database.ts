import SqliteDatabase from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AppError, type Database } from "../../src/index.ts";

const MIGRATIONS = fileURLToPath(new URL("../../drizzle/migrations/sqlite", import.meta.url));
const FULL = 2;

export interface OpenDatabase {
  readonly db: Database;
  /** Whether it answers a query. */
  isReady(): Promise<boolean>;
  close(): void;
}

/**
 * Opens the embedded database and brings its tables up to date.
 *
 * A commit survives a power cut: `synchronous=FULL` is set on every open, because re-opening a WAL database gives
 * NORMAL (measured with SQLite 3.53). Deleted content is overwritten (`secure_delete`).
 *
 * @throws AppError `CONFIG_INVALID` for a URL that is not `file:`
 */
export function openDatabase(url: string): OpenDatabase {
  if (!url.startsWith("file:")) {
    throw new AppError("CONFIG_INVALID", "DATABASE_URL must begin with file: (an SQLite file).");
  }
  const path = url.startsWith("file:///") ? fileURLToPath(url) : url.slice("file:".length);
  const sqlite = new SqliteDatabase(path);
  chmodSync(path, 0o600);
  for (const pragma of [
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "foreign_keys = ON",
    "busy_timeout = 5000",
  ]) {
    sqlite.pragma(pragma);
  }
  if (sqlite.pragma("synchronous", { simple: true }) !== FULL) {
    throw new AppError("INTERNAL", "SQLite did not accept synchronous=FULL.");
  }
  const db = drizzle(sqlite);
  migrate(db, { migrationsFolder: MIGRATIONS });
  return {
    db,
    isReady: async () => sqlite.open && sqlite.prepare("select 1").get() !== undefined,
    close: () => void sqlite.close(),
  };
}
