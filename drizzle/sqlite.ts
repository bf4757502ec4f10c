import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The tables for the SQLite family (better-sqlite3, libSQL, D1). Ids are text, lower-case UUIDv7 unless named; times
 * are epoch milliseconds; JSON is text; `rev` is for compare-and-set.
 */

/** What the API or the UI stored for an instance. A `null` field falls back to `config/plugins.json`. */
export const pluginInstances = sqliteTable("plugin_instances", {
  id: text().primaryKey(),
  package: text(),
  version: text(),
  enabled: integer({ mode: "boolean" }),
  host: text(),
  toolPrefix: text("tool_prefix"),
  config: text(),
  removed: integer({ mode: "boolean" }).notNull().default(false),
  rev: integer().notNull().default(0),
});

/** MCP clients and the hashes of their keys. */
export const clients = sqliteTable("clients", {
  id: text().primaryKey(),
  name: text().notNull(),
  keyHash: text("key_hash").notNull().unique(),
  scopes: text().notNull(),
  createdAt: integer("created_at").notNull(),
  revokedAt: integer("revoked_at"),
});

/** Tokens of the admin API, as hashes. */
export const apiTokens = sqliteTable("api_tokens", {
  id: text().primaryKey(),
  name: text().notNull(),
  tokenHash: text("token_hash").notNull().unique(),
  scopes: text().notNull(),
  createdAt: integer("created_at").notNull(),
  revokedAt: integer("revoked_at"),
});
