import { isNull } from "drizzle-orm";
import { apiTokens, clients } from "../../drizzle/sqlite.ts";
import { AppError } from "../errors.ts";
import type { KeyRecord, KeyStore } from "../types/keys.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";

/** Client keys and API tokens in the database. */
export function createKeyRepository(db: Database): KeyStore {
  return {
    /** @throws AppError `INTERNAL` naming the key whose row is damaged */
    async list() {
      const clientRows = await db.select().from(clients).where(isNull(clients.revokedAt));
      const tokenRows = await db.select().from(apiTokens).where(isNull(apiTokens.revokedAt));
      return [
        ...clientRows.map(({ keyHash, ...row }) => toRecord("client", keyHash, row)),
        ...tokenRows.map(({ tokenHash, ...row }) => toRecord("user", tokenHash, row)),
      ];
    },
    async add({ id, name, kind, hash, scopes, createdAt }) {
      const row = { id, name, scopes: JSON.stringify(scopes), createdAt };
      if (kind === "client") await db.insert(clients).values({ ...row, keyHash: hash });
      else await db.insert(apiTokens).values({ ...row, tokenHash: hash });
    },
  };
}

function toRecord(
  kind: KeyRecord["kind"],
  hash: string,
  row: { id: string; name: string; scopes: string; createdAt: number },
): KeyRecord {
  const { id, name, createdAt } = row;
  return { id, name, kind, hash, createdAt, scopes: parseScopes(id, row.scopes) };
}

/** Exactly a list of names: of a text, `includes` would find parts. @throws AppError `INTERNAL` */
function parseScopes(id: string, text: string): string[] {
  const scopes = parseColumn(text);
  if (Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string")) return scopes;
  throw new AppError("INTERNAL", `The stored scopes of the key "${id}" are damaged.`);
}
