import { createClient, type Client } from "@libsql/client/web";
import { drizzle } from "drizzle-orm/libsql/web";
import { migrate } from "drizzle-orm/libsql/migrator";
import { setTimeout as pause } from "node:timers/promises";
import { AppError, createBatches, messageOf } from "../../src/index.ts";
import { MIGRATION_ATTEMPTS, MIGRATIONS } from "./migrations.ts";
import type { OpenDatabase } from "./sqlite.ts";

const BETWEEN_ATTEMPTS_MS = 200;
/** How long a request to the server may take, in milliseconds. A server that hangs must not hang us. */
const REQUEST_MS = 10_000;

/**
 * Opens a database on a server that speaks libSQL's protocol, and brings its tables up to date. How durable a commit is and what
 * becomes of deleted content is that server's to decide.
 *
 * @throws AppError `CONFIG_INVALID` when it cannot be used
 */
export async function openLibsql(url: string, authToken: string | null): Promise<OpenDatabase> {
  let client: Client | null = null;
  try {
    client = createClient({
      url,
      ...(authToken !== null && { authToken }),
      fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(REQUEST_MS) }),
    });
    return await prepareLibsql(client);
  } catch (error) {
    client?.close();
    throw new AppError(
      "CONFIG_INVALID",
      `The database that DATABASE_URL names cannot be opened: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Brings the tables up to date, of several that do so at once only one at the first attempt. */
export async function prepareLibsql(client: Client): Promise<OpenDatabase> {
  const db = drizzle(client);
  for (let attempt = 1; ; attempt++) {
    try {
      await migrate(db, { migrationsFolder: MIGRATIONS });
      break;
    } catch (error) {
      if (attempt === MIGRATION_ATTEMPTS) throw error;
      await pause(BETWEEN_ATTEMPTS_MS);
    }
  }
  return {
    db,
    atomically: createBatches(db),
    isReady: async () => (await client.execute("select 1")).rows.length === 1,
    close: () => client.close(),
  };
}
