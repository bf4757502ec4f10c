import { and, eq, isNull } from "drizzle-orm";
import { apiTokens, clients } from "../../drizzle/sqlite.ts";
import { AppError } from "../errors.ts";
import type { KeyChanges, KeyName, KeyRecord, KeyStore } from "../types/keys.ts";
import type { ToolAccess } from "../types/principal.ts";
import type { Owner } from "../types/vault.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { onStore } from "./storage-fault.ts";

/** Client keys and API tokens in the database. */
export function createKeyRepository(db: Database): KeyStore {
  const client = (id: string) => and(eq(clients.id, id), isNull(clients.revokedAt));
  const token = (id: string) => and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt));

  /** @param rev which change of it must be there; any when left out */
  async function update(
    { kind, id }: KeyName,
    set: Partial<ClientRow>,
    rev?: number,
  ): Promise<boolean> {
    if (kind === "client") {
      const isThis = rev === undefined ? undefined : eq(clients.rev, rev);
      const changed = await db
        .update(clients)
        .set(set)
        .where(and(client(id), isThis))
        .returning();
      return changed.length > 0;
    }
    const { keyHash, owner: _owner, access: _access, callsPerMinute: _rate, ...rest } = set;
    const row = keyHash === undefined ? rest : { ...rest, tokenHash: keyHash };
    const isThis = rev === undefined ? undefined : eq(apiTokens.rev, rev);
    const changed = await db
      .update(apiTokens)
      .set(row)
      .where(and(token(id), isThis))
      .returning();
    return changed.length > 0;
  }

  return {
    /** @throws AppError `INTERNAL` naming the key whose row is damaged */
    list: () =>
      onStore(async () => {
        const clientRows = await db.select().from(clients).where(isNull(clients.revokedAt));
        const tokenRows = await db.select().from(apiTokens).where(isNull(apiTokens.revokedAt));
        return [...clientRows.map((row) => toClient(row)), ...tokenRows.map((row) => toToken(row))];
      }),
    add: (key) =>
      onStore(async () => {
        const { id, name, createdAt, expiresAt = null } = key;
        const row = { id, name, scopes: JSON.stringify(key.scopes), createdAt, expiresAt };
        if (key.kind === "client") {
          const { owner = null, callsPerMinute = null } = key;
          const access = toText(key.access);
          const own = { keyHash: key.hash, owner, access, callsPerMinute };
          await db.insert(clients).values({ ...row, ...own });
        } else {
          await db.insert(apiTokens).values({ ...row, tokenHash: key.hash });
        }
      }),
    change: (key, changes) =>
      onStore(() => {
        const { rev = 1 } = key;
        return update(key, { ...toColumns(changes), rev: rev + 1 }, rev);
      }),
    revoke: (key, at) => onStore(() => update(key, { revokedAt: at })),
    used: (keys) =>
      onStore(async () => {
        for (const { at, ...key } of keys) await update(key, { usedAt: at });
      }),
  };
}

type ClientRow = typeof clients.$inferSelect;

function toColumns({ hash, scopes, access, ...rest }: KeyChanges): Partial<ClientRow> {
  return {
    ...(rest as Partial<ClientRow>),
    ...(hash !== undefined && { keyHash: hash }),
    ...(scopes !== undefined && { scopes: JSON.stringify(scopes) }),
    ...(access !== undefined && { access: toText(access) }),
  };
}

function toText(access: ToolAccess | null | undefined): string | null {
  return access ? JSON.stringify(access) : null;
}

function toClient(row: ClientRow): KeyRecord {
  const { id, name, keyHash, createdAt, scopes, owner, access } = row;
  const { callsPerMinute, expiresAt, usedAt, rev } = row;
  return {
    id,
    name,
    kind: "client",
    hash: keyHash,
    scopes: parseScopes(id, scopes),
    createdAt,
    ...(owner !== null && { owner: owner as Owner }),
    ...(access !== null && { access: parseAccess(id, access) }),
    rev,
    ...withoutNulls({ callsPerMinute, expiresAt, usedAt }),
  };
}

function toToken(row: typeof apiTokens.$inferSelect): KeyRecord {
  const { id, name, tokenHash, createdAt, scopes, expiresAt, usedAt, rev } = row;
  return {
    id,
    name,
    kind: "user",
    hash: tokenHash,
    scopes: parseScopes(id, scopes),
    createdAt,
    rev,
    ...withoutNulls({ expiresAt, usedAt }),
  };
}

/** What is not limited is left out. */
function withoutNulls(limits: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).filter((entry): entry is [string, number] => entry[1] !== null),
  );
}

/** Exactly a list of names: of a text, `includes` would find parts. @throws AppError `INTERNAL` */
function parseScopes(id: string, text: string): string[] {
  const scopes = parseColumn(text);
  if (isNames(scopes)) return scopes;
  throw damaged(id, "scopes");
}

/** What is damaged must not let more through than was meant. @throws AppError `INTERNAL` */
function parseAccess(id: string, text: string): ToolAccess {
  const access = parseColumn(text);
  if (isJsonObject(access)) {
    const { plugins, tools, readOnly } = access;
    const isList = (value: unknown) => value === null || isNames(value);
    if (isList(plugins) && isList(tools) && typeof readOnly === "boolean") {
      return { plugins, tools, readOnly };
    }
  }
  throw damaged(id, "limits");
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

function damaged(id: string, what: string): AppError {
  return new AppError("INTERNAL", `The stored ${what} of the key "${id}" are damaged.`);
}
