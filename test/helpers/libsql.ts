import { createClient, type Client } from "@libsql/client";
import { prepareLibsql } from "../../adapters/node/libsql.ts";
import type { OpenDatabase } from "../../adapters/node/sqlite.ts";

/** A database in a file through libSQL's client: the same statements as on its server, and no server. */
export async function openLibsqlFile(
  path: string,
): Promise<OpenDatabase & { readonly client: Client }> {
  // One connection, which has the pragmas.
  const client = createClient({ url: `file:${path}`, concurrency: 1, timeout: 5_000 });
  await client.execute("pragma journal_mode = WAL");
  return { ...(await prepareLibsql(client)), client };
}
