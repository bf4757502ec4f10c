import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { Atomically } from "./atomically.ts";

/** A database of the SQLite family, whichever driver it has. */
// oxlint-disable-next-line typescript/no-explicit-any -- the drivers' result types differ and are not used
export type Database = BaseSQLiteDatabase<"sync" | "async", any>;

/** What the vault's repositories need of a database. */
export interface VaultDatabase {
  readonly db: Database;
  readonly atomically: Atomically;
  /**
   * Overwrites what deleted rows have left behind, where this process owns the file: the log of changes has them until then.
   * Does as much as it can without waiting for others.
   */
  readonly purge?: () => void;
}
