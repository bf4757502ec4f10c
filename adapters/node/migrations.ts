import { fileURLToPath } from "node:url";

/** The folder of the statements that bring the tables of an SQLite database up to date. */
export const MIGRATIONS = fileURLToPath(
  new URL("../../drizzle/migrations/sqlite", import.meta.url),
);
/** Of several processes that make the tables at once, one does it in a moment, and the others find them there. */
export const MIGRATION_ATTEMPTS = 10;
