import { AppError } from "../../../src/index.ts";
import type { SettingFlags } from "../settings.ts";
import type { CommandContext } from "./credentials.ts";
import { toTable } from "./table.ts";
import { withAdminApi } from "./with-admin-api.ts";

export interface PluginFlags extends SettingFlags {
  readonly json?: boolean;
}

export interface CreatePluginFlags extends PluginFlags {
  readonly settings?: string;
  readonly toolPrefix?: string;
  readonly disabled?: boolean;
}

/** What the API tells of a plugin, as far as the commands show it. */
interface Plugin {
  readonly id: string;
  readonly package: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly error: string | null;
  readonly reloadError: string | null;
  readonly version: string | null;
  readonly description: string | null;
  readonly tools: readonly (string | { readonly name: string })[];
  readonly missing: readonly { readonly name: string }[];
}

interface Plugins {
  readonly data: readonly Plugin[];
  readonly available: readonly { readonly package: string }[];
}

/** `plugin list`. */
export function listPlugins(context: CommandContext, flags: PluginFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const found = await api.json<Plugins>("GET", "/api/plugins");
    if (flags.json) return context.output.out(`${JSON.stringify(found)}\n`);
    const rows = found.data.map(({ id, package: ref, enabled, state, tools, error }) => [
      id,
      ref,
      enabled ? state : "disabled",
      String(tools.length),
      error ?? "",
    ]);
    context.output.out(toTable([["ID", "PACKAGE", "STATE", "TOOLS", "ERROR"], ...rows]));
    for (const { package: ref } of found.available) {
      context.output.err(`Not used: ${ref} (mcp-plugin-server plugin create <id> ${ref})\n`);
    }
  });
}

/** `plugin info`. */
export function showPlugin(context: CommandContext, id: string, flags: PluginFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const plugin = await api.json<Plugin>("GET", pathOf(id));
    if (flags.json) return context.output.out(`${JSON.stringify(plugin)}\n`);
    const { package: ref, state, error, reloadError, version, description } = plugin;
    const lines: [string, string | null][] = [
      ["package", ref],
      ["version", version],
      ["about", description],
      ["enabled", plugin.enabled ? "yes" : "no"],
      ["state", state],
      ["error", error],
      ["reload error", reloadError],
      ["needs", plugin.missing.map(({ name }) => name).join(", ") || null],
      ["tools", plugin.tools.map(nameOf).join(", ") || null],
    ];
    const shown = lines.filter((line): line is [string, string] => line[1] !== null);
    context.output.out(toTable([["id", id], ...shown]));
  });
}

/** `plugin enable`, `disable` and `reload`. */
export function changePlugin(
  context: CommandContext,
  change: "enable" | "disable" | "reload",
  id: string,
  flags: PluginFlags,
): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const plugin = await api.json<Plugin>("POST", `${pathOf(id)}/${change}`);
    report(context, plugin, flags);
  });
}

/** `plugin create`. The settings come as JSON, by a flag or from stdin. */
export function createPlugin(
  context: CommandContext,
  id: string,
  ref: string,
  { settings, toolPrefix, disabled, ...flags }: CreatePluginFlags,
): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const plugin = await api.json<Plugin>("POST", "/api/plugins", {
      id,
      package: ref,
      ...(settings !== undefined && { config: parseSettings(settings) }),
      ...(toolPrefix !== undefined && { toolPrefix }),
      ...(disabled && { enabled: false }),
    });
    report(context, plugin, flags);
  });
}

/** `plugin remove`. */
export function removePlugin(
  context: CommandContext,
  id: string,
  flags: PluginFlags & { readonly credentials?: boolean },
): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const query = flags.credentials ? "?credentials=delete" : "";
    await api.send("DELETE", `${pathOf(id)}${query}`);
    if (flags.json) context.output.out(`${JSON.stringify({ id, removed: true })}\n`);
    else context.output.err(`Removed ${id}.\n`);
  });
}

function report({ output }: CommandContext, plugin: Plugin, { json }: PluginFlags): void {
  if (json) return output.out(`${JSON.stringify(plugin)}\n`);
  const { id, enabled, state, error } = plugin;
  output.err(`${id} is ${enabled ? state : "disabled"}${error === null ? "" : `: ${error}`}.\n`);
}

function pathOf(id: string): string {
  return `/api/plugins/${encodeURIComponent(id)}`;
}

function nameOf(tool: Plugin["tools"][number]): string {
  return typeof tool === "string" ? tool : tool.name;
}

/** @throws AppError `CONFIG_INVALID` */
function parseSettings(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "--settings is not JSON.", { cause });
  }
}
