import { DrizzleQueryError } from "drizzle-orm";
import { AppError, messageOf } from "../errors.ts";

/** Of what SQLite cannot do, that which is not our mistake; libSQL and D1 name it so, too. */
const STORE_FAULT =
  /\bSQLITE_(?:FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB|PERM|AUTH|NOMEM|PROTOCOL)/;
/** What libSQL's client says of the way to the server, and of a server that failed. */
const LIBSQL_FAULT = /^(?:SERVER_ERROR|HRANA_\w+|TRANSACTION_CLOSED|CLIENT_CLOSED)$/;
/** What Node, undici and D1 say of the network. */
const NETWORK_FAULT =
  /^(?:E(?:CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|UND_ERR_\w+)$|fetch failed|Network connection lost|D1 DB (?:is overloaded|storage operation exceeded)/;

/**
 * Runs something on the database. What the store cannot do (full, read-only, damaged, out of reach) becomes AppError
 * `VAULT_UNAVAILABLE`; mistakes of ours stay what they are. No error that leaves here quotes a statement's parameters.
 */
export async function onStore<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Drizzle's own error repeats all parameters in its message.
    const cause = error instanceof DrizzleQueryError ? (error.cause ?? error) : error;
    if (!isStoreFault(cause)) throw cause;
    throw new AppError("VAULT_UNAVAILABLE", `The database failed: ${messageOf(cause)}`, { cause });
  }
}

function isStoreFault(error: unknown): boolean {
  for (let fault = error, depth = 0; fault instanceof Error && depth < 5; depth++) {
    const code = "code" in fault && typeof fault.code === "string" ? fault.code : "";
    if (LIBSQL_FAULT.test(code) || fault.name === "TimeoutError") return true;
    if ([code, fault.message].some((text) => STORE_FAULT.test(text) || NETWORK_FAULT.test(text))) {
      return true;
    }
    fault = fault.cause;
  }
  return false;
}
