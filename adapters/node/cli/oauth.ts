import { setTimeout as pause } from "node:timers/promises";
import { AppError, assertOwner } from "../../../src/index.ts";
import { readSettings, type SettingFlags } from "../settings.ts";
import type { AdminClient } from "./admin-client.ts";
import type { CommandContext } from "./credentials.ts";
import { readValue } from "./read-value.ts";
import { toTable } from "./table.ts";
import { openRunningServer } from "./vault-access.ts";

export interface OAuthFlags extends SettingFlags {
  readonly owner?: string;
  readonly json?: boolean;
}

export interface ConnectFlags extends OAuthFlags {
  readonly wait: boolean;
}

/** A connection as the API tells of it. */
interface Connection {
  readonly plugin: string;
  readonly owner: string;
  readonly status: "connected" | "needs_reauth";
  readonly reason: string | null;
  readonly account: string | null;
  readonly scope: string;
  readonly missingScopes: readonly string[];
  readonly connectedAt: number;
  readonly refreshedAt: number | null;
  readonly expiresAt: number | null;
  readonly isRefreshable: boolean;
}

/** As long as a link is good. */
const WAIT_MS = 10 * 60_000;
const LOOK_EVERY_MS = 1_000;

/** `oauth connect`. */
export async function connectAccount(
  { env, output }: CommandContext,
  plugin: string,
  { wait, json, ...flags }: ConnectFlags,
): Promise<void> {
  const owner = ownerOf(flags);
  const server = await openRunningServer(readSettings(env, flags));
  const before = await find(server, plugin, owner);
  const { authUrl } = await ask<{ authUrl: string }>(server, "GET", "initiate", plugin, owner);
  if (!json) output.out(`${authUrl}\n`);
  if (!wait) {
    if (json) output.out(`${JSON.stringify({ authUrl })}\n`);
    return;
  }
  output.err(
    json
      ? `Open ${authUrl}\n`
      : "Open it in a browser. Waiting for ten minutes; Ctrl+C ends that, and the address stays good.\n",
  );
  const until = Date.now() + WAIT_MS;
  while (Date.now() < until) {
    await pause(LOOK_EVERY_MS);
    const found = await find(server, plugin, owner);
    if (found === null || found.connectedAt === before?.connectedAt) continue;
    if (json) output.out(`${JSON.stringify({ authUrl, connection: found })}\n`);
    else {
      output.err(`Connected${found.account === null ? "" : ` as ${found.account}`}.\n`);
      output.err(notGranted(found));
    }
    return;
  }
  throw new AppError("NOT_CONNECTED", "Nobody has connected an account in ten minutes.");
}

/** `oauth status`. */
export async function showConnections(
  { env, output }: CommandContext,
  plugin: string | undefined,
  { json, ...flags }: OAuthFlags,
): Promise<void> {
  const server = await openRunningServer(readSettings(env, flags));
  const found = await list(server, plugin);
  if (json) output.out(`${JSON.stringify({ data: found })}\n`);
  else if (found.length === 0) output.err("No account is connected.\n");
  else {
    const rows = found.map((one) => [
      one.plugin,
      one.owner,
      one.account ?? "",
      one.status === "connected" ? "connected" : "needs a person",
      one.expiresAt === null ? "never" : new Date(one.expiresAt).toISOString(),
    ]);
    output.out(toTable([["PLUGIN", "OWNER", "ACCOUNT", "STATUS", "TOKEN ENDS"], ...rows]));
    for (const one of found) {
      const { plugin: id, owner, reason } = one;
      if (reason !== null) output.err(`${id} (${owner}): ${reason}\n`);
      output.err(notGranted(one));
    }
  }
}

/** A line that says what the provider has left out of what the plugin needs; nothing where it has not. */
function notGranted({ plugin, owner, missingScopes }: Connection): string {
  if (missingScopes.length === 0) return "";
  return `${plugin} (${owner}): not granted: ${missingScopes.join(" ")}. What needs it will fail.\n`;
}

/** `oauth refresh`. */
export async function refreshToken(
  { env, output }: CommandContext,
  plugin: string,
  { json, ...flags }: OAuthFlags,
): Promise<void> {
  const owner = ownerOf(flags);
  const server = await openRunningServer(readSettings(env, flags));
  const connection = await ask<Connection>(server, "POST", "refresh", plugin, owner);
  if (json) output.out(`${JSON.stringify(connection)}\n`);
  else output.err(`${plugin} has a new token.\n`);
}

/** `oauth revoke`. */
export async function revokeToken(
  { env, output }: CommandContext,
  plugin: string,
  { json, ...flags }: OAuthFlags,
): Promise<void> {
  const owner = ownerOf(flags);
  const server = await openRunningServer(readSettings(env, flags));
  type Revoked = { readonly provider: keyof typeof PROVIDER_SAID };
  const revoked = await ask<Revoked>(server, "POST", "revoke", plugin, owner);
  if (json) output.out(`${JSON.stringify(revoked)}\n`);
  else output.err(`${plugin} is not connected any more. ${PROVIDER_SAID[revoked.provider]}\n`);
}

const PROVIDER_SAID = {
  revoked: "The provider has ended the grant, too.",
  unsupported:
    "The provider has no way to end a grant from here: end it in the account's settings.",
  failed: "The provider did not end the grant: end it in the account's settings.",
  "not-asked":
    "The provider was not asked, because the plugin is gone, does not run, or connects other accounts now: end the grant in the account's settings.",
} as const;

/** `oauth secret`. */
export async function storeClientSecret(
  { env, input, output }: CommandContext,
  plugin: string,
  { json, ...flags }: OAuthFlags,
): Promise<void> {
  const server = await openRunningServer(readSettings(env, flags));
  const value = await readValue(input, `the client secret of ${plugin}`);
  const path = `/api/auth/oauth/client-secret/${encodeURIComponent(plugin)}`;
  await server.send("PUT", path, { value });
  if (json) output.out(`${JSON.stringify({ stored: { plugin } })}\n`);
  else output.err(`Stored the client secret of ${plugin}.\n`);
}

function list(server: AdminClient, plugin?: string): Promise<readonly Connection[]> {
  return server.all<Connection>(
    "/api/auth/oauth/connections",
    plugin === undefined ? {} : { plugin },
  );
}

async function find(
  server: AdminClient,
  plugin: string,
  owner: string,
): Promise<Connection | null> {
  return (await list(server, plugin)).find((one) => one.owner === owner) ?? null;
}

/** @throws AppError `CREDENTIAL_INVALID` */
function ownerOf({ owner = "shared" }: OAuthFlags): string {
  assertOwner(owner);
  return owner;
}

/** Asks the server for something about one account. */
async function ask<T>(
  server: AdminClient,
  method: "GET" | "POST",
  what: "initiate" | "refresh" | "revoke",
  plugin: string,
  owner: string,
): Promise<T> {
  const path = `/api/auth/oauth/${what}/${encodeURIComponent(plugin)}`;
  try {
    return await server.json<T>(method, `${path}?owner=${encodeURIComponent(owner)}`);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "NOT_FOUND") throw error;
    throw new AppError(
      "NOT_FOUND",
      `"${plugin}" is no plugin that connects to accounts, or nobody has connected one to it.`,
      { cause: error },
    );
  }
}
