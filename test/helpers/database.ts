import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqlite, type OpenDatabase } from "../../adapters/node/sqlite.ts";

/** A new folder that goes when the test ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-plugin-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new database in a file, with the tables in it. */
export function makeDatabase(): OpenDatabase {
  const database = openSqlite(join(makeFolder(), "test.db"));
  onTestFinished(() => database.close());
  return database;
}
