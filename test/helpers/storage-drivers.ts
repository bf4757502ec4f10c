import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqlite, type OpenDatabase } from "../../adapters/node/sqlite.ts";
import { makeFolder } from "./database.ts";
import { openLibsqlFile } from "./libsql.ts";

export interface StorageDriver {
  readonly name: string;
  /** Closed when the test ends, unless it was before. */
  readonly open: (path: string) => Promise<OpenDatabase>;
}

/** The ways to an SQLite file on which the repositories are tested. */
export const STORAGE_DRIVERS: readonly StorageDriver[] = [
  { name: "better-sqlite3", open: async (path) => closedAtEnd(openSqlite(path)) },
  { name: "libSQL", open: async (path) => closedAtEnd(await openLibsqlFile(path)) },
];

/** Where a new database of this test may lie. */
export function databaseFile(): string {
  return join(makeFolder(), "test.db");
}

function closedAtEnd(database: OpenDatabase): OpenDatabase {
  onTestFinished(() => database.close());
  return database;
}
