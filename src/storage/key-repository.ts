import { and, eq, isNull } from "drizzle-orm";
import { apiTokens, clients } from "../../drizzle/sqlite.ts";
import type { KeyChanges, KeyName, KeyRecord, KeyStore } from "../types/keys.ts";
import type { ToolAccess } from "../types/principal.ts";
import type { Owner } from "../types/vault.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { toText, toWhole } from "./sql-values.ts";
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
          const access = accessText(key.access);
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
    ...(access !== undefined && { access: accessText(access) }),
  };
}

function accessText(access: ToolAccess | null | undefined): string | null {
  return access ? JSON.stringify(access) : null;
}

function toClient({ keyHash, ...row }: ClientRow): KeyRecord {
  return toKey("client", { ...row, hash: keyHash });
}

function toToken({ tokenHash, ...row }: typeof apiTokens.$inferSelect): KeyRecord {
  return toKey("user", {
    ...row,
    hash: tokenHash,
    owner: null,
    access: null,
    callsPerMinute: null,
  });
}

type KeyRow = Omit<ClientRow, "keyHash"> & { readonly hash: string };

/** What a row says. What cannot be read of it must not let more through than was meant: the key may do nothing then. */
function toKey(kind: KeyRecord["kind"], row: KeyRow): KeyRecord {
  const { id, name, hash, createdAt, rev, owner, callsPerMinute, expiresAt, usedAt } = row;
  const scopes = parseScopes(row.scopes);
  const access = parseAccess(row.access);
  const readable = {
    hash: HASH.test(hash),
    scopes: scopes !== null,
    access: access !== undefined,
    owner: isNullOr("string", owner),
    callsPerMinute: isNullOr("number", callsPerMinute),
    expiresAt: isNullOr("number", expiresAt),
  };
  const damaged = Object.keys(readable).filter((part) => !readable[part as keyof typeof readable]);
  const common = {
    id,
    name: toText(name),
    kind,
    hash,
    createdAt: toWhole(createdAt),
    rev: toWhole(rev),
    ...(usedAt !== null && { usedAt: toWhole(usedAt) }),
  };
  if (damaged.length > 0) return { ...common, scopes: [], access: NOTHING, damaged };
  return {
    ...common,
    scopes: scopes!,
    // What is not limited is left out.
    ...(owner !== null && { owner: owner as Owner }),
    ...(access && { access }),
    ...(callsPerMinute !== null && { callsPerMinute }),
    ...(expiresAt !== null && { expiresAt }),
  };
}

const HASH = /^(?:[0-9a-f]{2})+$/;
const NOTHING: ToolAccess = { plugins: [], tools: [], readOnly: true };

function isNullOr(type: "string" | "number", value: unknown): boolean {
  // SQLite takes values of any type in a column of any other.
  return value === null || typeof value === type;
}

/** Exactly a list of names: of a text, `includes` would find parts. `null` for what is none. */
function parseScopes(text: string): string[] | null {
  const scopes = parseColumn(text);
  return isNames(scopes) ? scopes : null;
}

/** `null` for no limits, and `undefined` for what are none. */
function parseAccess(text: string | null): ToolAccess | null | undefined {
  if (text === null) return null;
  const access = parseColumn(text);
  if (!isJsonObject(access)) return undefined;
  const { plugins, tools, readOnly } = access;
  const isList = (value: unknown) => value === null || isNames(value);
  const isWhole = isList(plugins) && isList(tools) && typeof readOnly === "boolean";
  return isWhole ? { plugins, tools, readOnly } : undefined;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
