import type { SettingFlags } from "../settings.ts";
import type { CommandContext } from "./credentials.ts";
import { LOCAL_KEY } from "./local-key.ts";
import { toTable } from "./table.ts";
import { withNamed } from "./unknown-name.ts";
import { withAdminApi } from "./with-admin-api.ts";

/** Keys of MCP clients, or tokens of the admin API. */
export type KeyKind = "clients" | "tokens";

export interface KeyFlags extends SettingFlags {
  readonly admin?: boolean;
  readonly json?: boolean;
}

export interface CreateKeyFlags extends KeyFlags {
  readonly plugin?: readonly string[];
  readonly tool?: readonly string[];
  readonly readOnly?: boolean;
  readonly owner?: string;
  readonly rate?: number;
  readonly role?: readonly string[];
  readonly expires?: number;
}

interface Key {
  readonly id: string;
  readonly name: string;
  readonly source: "stored" | "environment";
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
  readonly scopes?: readonly string[];
  readonly plugins?: readonly string[] | null;
  readonly tools?: readonly string[] | null;
  readonly readOnly?: boolean;
}

type MadeKey = Key & { readonly secret: string };

/** `key list`. */
export function listKeys(context: CommandContext, flags: KeyFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const found = await api.all<Key>(pathOf(flags));
    // That of this very command is gone when it has ended.
    const data = found.filter(({ id }) => id !== LOCAL_KEY);
    if (flags.json) return context.output.out(`${JSON.stringify(data)}\n`);
    if (data.length === 0) return context.output.err("There are none.\n");
    const rows = data.map((key) => [
      key.id,
      key.name,
      describe(key),
      key.usedAt === null ? "never" : new Date(key.usedAt).toISOString(),
      key.expiresAt === null ? "-" : new Date(key.expiresAt).toISOString(),
    ]);
    context.output.out(toTable([["ID", "NAME", "MAY", "USED", "EXPIRES"], ...rows]));
  });
}

/** `key create`. The secret is all that goes to stdout, so that it can be piped to where it is kept. */
export function createKey(
  context: CommandContext,
  name: string,
  flags: CreateKeyFlags,
): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const made = await api.json<MadeKey>("POST", pathOf(flags), {
      name,
      ...(flags.expires !== undefined && { expiresAt: flags.expires }),
      ...(flags.admin
        ? { scopes: flags.role ?? ["viewer"] }
        : {
            ...(flags.plugin && { plugins: flags.plugin }),
            ...(flags.tool && { tools: flags.tool }),
            ...(flags.readOnly && { readOnly: true }),
            ...(flags.owner !== undefined && { owner: flags.owner }),
            ...(flags.rate !== undefined && { callsPerMinute: flags.rate }),
          }),
    });
    show(context, made, flags, "Made");
  });
}

/** `key rotate`. */
export function rotateKey(context: CommandContext, id: string, flags: KeyFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const path = `${pathOf(flags)}/${encodeURIComponent(id)}/rotate`;
    const rotated = await withNamed(toName(id, flags), () => api.json<MadeKey>("POST", path));
    show(context, rotated, flags, "Rotated");
  });
}

/** `key revoke`. */
export function revokeKey(context: CommandContext, id: string, flags: KeyFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const path = `${pathOf(flags)}/${encodeURIComponent(id)}`;
    await withNamed(toName(id, flags), () => api.send("DELETE", path));
    if (flags.json) context.output.out(`${JSON.stringify({ id, revoked: true })}\n`);
    else context.output.err(`Revoked ${id}. What it had opened ends within a minute.\n`);
  });
}

function show(
  { output }: CommandContext,
  made: MadeKey,
  { json }: KeyFlags,
  what: "Made" | "Rotated",
): void {
  if (json) return output.out(`${JSON.stringify(made)}\n`);
  output.out(`${made.secret}\n`);
  output.err(`${what} ${made.id} (${made.name}). It is shown this once.\n`);
}

function toName(name: string, { admin }: KeyFlags) {
  return admin
    ? { what: "token", name, list: "key list --admin" }
    : { what: "client", name, list: "key list" };
}

function pathOf({ admin }: KeyFlags): string {
  const kind: KeyKind = admin ? "tokens" : "clients";
  return `/api/${kind}`;
}

/** What it may do, in a few words. */
function describe({ source, scopes, plugins, tools, readOnly }: Key): string {
  const limits =
    scopes === undefined
      ? [
          plugins ? `plugins ${plugins.join(",")}` : null,
          tools ? `tools ${tools.join(",")}` : null,
          readOnly ? "read only" : null,
        ].filter((text) => text !== null)
      : [scopes.join(",")];
  const mayNothing = [scopes, plugins, tools].some((list) => list?.length === 0);
  const all = limits.length === 0 ? "everything" : limits.join("; ");
  const may = mayNothing ? "nothing" : all;
  return source === "environment" ? `${may} (environment)` : may;
}
