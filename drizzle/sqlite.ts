import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

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
  oauth: text(),
  removed: integer({ mode: "boolean" }).notNull().default(false),
  rev: integer().notNull().default(0),
});

/** What was set of a plugin's tool, under the plugin's own name of it. A `null` field is as the plugin has it. */
export const toolSettings = sqliteTable(
  "tool_settings",
  {
    instanceId: text("instance_id").notNull(),
    tool: text().notNull(),
    enabled: integer({ mode: "boolean" }).notNull().default(true),
    name: text(),
    description: text(),
    rev: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.tool] })],
);

/** What was set of the server itself: one row, whose `values` is a JSON object by setting. */
export const serverSettings = sqliteTable("server_settings", {
  id: text().primaryKey(),
  values: text().notNull(),
  rev: integer().notNull(),
});

/** MCP clients and the hashes of their keys. */
export const clients = sqliteTable("clients", {
  id: text().primaryKey(),
  name: text().notNull(),
  keyHash: text("key_hash").notNull().unique(),
  scopes: text().notNull(),
  owner: text(),
  access: text(),
  callsPerMinute: integer("calls_per_minute"),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at"),
  usedAt: integer("used_at"),
  /** Grows with every change but that of `usedAt`. */
  rev: integer().notNull().default(1),
  revokedAt: integer("revoked_at"),
});

/** Tokens of the admin API, as hashes. */
export const apiTokens = sqliteTable("api_tokens", {
  id: text().primaryKey(),
  name: text().notNull(),
  tokenHash: text("token_hash").notNull().unique(),
  scopes: text().notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at"),
  usedAt: integer("used_at"),
  rev: integer().notNull().default(1),
  revokedAt: integer("revoked_at"),
});

/** Keys that seal credentials, each wrapped by the master key. */
export const dataKeys = sqliteTable(
  "data_keys",
  {
    id: text().primaryKey(),
    instanceId: text("instance_id").notNull(),
    wrapped: text().notNull(),
    masterKeyId: text("master_key_id").notNull(),
    state: text({ enum: ["active", "retiring"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    uses: integer().notNull().default(0),
  },
  (table) => [
    uniqueIndex("data_keys_one_active")
      .on(table.instanceId)
      .where(sql`state = 'active'`),
  ],
);

/** One row for each instance that has, or had, credentials; `seal` authenticates its rows in `credentials`. */
export const ledgers = sqliteTable("ledgers", {
  instanceId: text("instance_id").primaryKey(),
  version: integer().notNull(),
  seal: text().notNull(),
});

/** What credentials there are, whichever driver holds them. */
export const credentials = sqliteTable(
  "credentials",
  {
    owner: text().notNull(),
    instanceId: text("instance_id").notNull(),
    name: text().notNull(),
    sequence: integer().notNull(),
    dataKeyId: text("data_key_id").notNull(),
    tag: text().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.instanceId, table.owner, table.name] }),
    index("credentials_data_key").on(table.dataKeyId),
  ],
);

/** The credentials themselves, where the database is the driver. */
export const sealedCredentials = sqliteTable(
  "sealed_credentials",
  {
    owner: text().notNull(),
    instanceId: text("instance_id").notNull(),
    name: text().notNull(),
    sealed: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.owner, table.name] })],
);

/** Audit records; `previous` and `mac` make a chain of those of one process. */
export const audit = sqliteTable(
  "audit",
  {
    chain: text().notNull(),
    seq: integer().notNull(),
    time: integer().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    instanceId: text("instance_id"),
    subject: text(),
    outcome: text().notNull(),
    requestId: text("request_id"),
    detail: text().notNull(),
    previous: text().notNull(),
    mac: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.seq] }),
    index("audit_time").on(table.time),
  ],
);

/** Single values by name, such as the one that tells whether the master key is the right one. */
export const meta = sqliteTable("meta", {
  name: text().primaryKey(),
  value: text().notNull(),
});

/** Ways to an account that nobody has gone to the end of. Handle, state and browser secret are there as hashes. */
export const oauthFlows = sqliteTable(
  "oauth_flows",
  {
    handleHash: text("handle_hash").primaryKey(),
    instanceId: text("instance_id").notNull(),
    owner: text().notNull(),
    startedBy: text("started_by").notNull(),
    expiresAt: integer("expires_at").notNull(),
    stateHash: text("state_hash").unique(),
    browserHash: text("browser_hash"),
    departedBy: text("departed_by"),
    keyReference: text("key_reference"),
    issuer: text(),
    clientHash: text("client_hash"),
    scope: text(),
    redirectUri: text("redirect_uri"),
  },
  (table) => [index("oauth_flows_expires").on(table.expiresAt)],
);

/** Which accounts are connected. Their tokens are in the vault. */
export const oauthGrants = sqliteTable(
  "oauth_grants",
  {
    instanceId: text("instance_id").notNull(),
    owner: text().notNull(),
    status: text({ enum: ["connected", "needs_reauth"] }).notNull(),
    reason: text(),
    account: text(),
    scope: text().notNull(),
    missingScopes: text("missing_scopes").notNull(),
    connectedAt: integer("connected_at").notNull(),
    refreshedAt: integer("refreshed_at"),
    expiresAt: integer("expires_at").notNull(),
    isRefreshable: integer("is_refreshable", { mode: "boolean" }).notNull(),
    client: text(),
    generation: integer().notNull(),
    intent: text(),
    rev: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.owner] })],
);

/** People who have signed in with a browser. The cookie's secret is there as a hash. */
export const signInSessions = sqliteTable("sign_in_sessions", {
  idHash: text("id_hash").primaryKey(),
  keyReference: text("key_reference").notNull(),
  csrfToken: text("csrf_token").notNull(),
  createdAt: integer("created_at").notNull(),
  renewedAt: integer("renewed_at").notNull(),
  seenAt: integer("seen_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
});
