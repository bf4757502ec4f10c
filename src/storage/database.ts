import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";

/** A database of the SQLite family, whichever driver it has. */
// oxlint-disable-next-line typescript/no-explicit-any -- the drivers' result types differ and are not used
export type Database = BaseSQLiteDatabase<"sync" | "async", any>;
