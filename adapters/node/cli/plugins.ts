import { AppError } from "../../../src/index.ts";
import type { SettingFlags } from "../settings.ts";
import type { CommandContext } from "./credentials.ts";
import type { Input } from "./input.ts";
import { toTable } from "./table.ts";
import { withNamed } from "./unknown-name.ts";
import { withAdminApi } from "./with-admin-api.ts";
import { withProgress } from "./with-progress.ts";

/** As much as the API takes. */
const MAX_STDIN_BYTES = 1024 * 1024;

export interface PluginFlags extends SettingFlags {
  readonly json?: boolean;
}

/** What an instance is like. JSON, or `-` for JSON on stdin, where a password is in nobody's list of processes. */
export interface InstanceFlags extends PluginFlags {
  readonly settings?: string;
  readonly oauth?: string;
  readonly toolPrefix?: string;
}

export interface CreatePluginFlags extends InstanceFlags {
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
  readonly missing: readonly { readonly name: string; readonly description: string }[];
}

interface Package {
  readonly package: string;
  readonly usedBy: readonly string[];
}

/** `plugin list`. */
export function listPlugins(context: CommandContext, flags: PluginFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const data = await api.all<Plugin>("/api/plugins");
    const packages = await api.all<Package>("/api/packages");
    const available = packages
      .filter(({ usedBy }) => usedBy.length === 0)
      .map(({ package: ref }) => ({ package: ref }));
    if (flags.json) return context.output.out(`${JSON.stringify({ data, available })}\n`);
    const rows = data.map((plugin) => [
      plugin.id,
      plugin.package,
      plugin.enabled ? plugin.state : "disabled",
      String(plugin.tools.length),
      plugin.error ?? needsOf(plugin) ?? "",
    ]);
    context.output.out(toTable([["ID", "PACKAGE", "STATE", "TOOLS", "WHY"], ...rows]));
    for (const { package: ref } of available) {
      context.output.err(`Not used: ${ref} (mcp-plugin-server plugin create <id> ${ref})\n`);
    }
  });
}

/** `plugin info`. */
export function showPlugin(context: CommandContext, id: string, flags: PluginFlags): Promise<void> {
  return withAdminApi(context, flags, async (api) => {
    const plugin = await withNamed(toName(id), () => api.json<Plugin>("GET", pathOf(id)));
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

/** `plugin enable`, `disable` and `reload`. Answers whether it is well afterwards. */
export function changePlugin(
  context: CommandContext,
  change: "enable" | "disable" | "reload",
  id: string,
  flags: PluginFlags,
): Promise<boolean> {
  return withAdminApi(context, flags, async (api) => {
    const progress = { output: context.output, label: `${change} ${id}`, json: flags.json };
    const plugin = await withProgress(progress, () =>
      withNamed(toName(id), () => api.json<Plugin>("POST", `${pathOf(id)}/${change}`)),
    );
    return report(context, plugin, flags);
  });
}

/** `plugin create`. Answers whether it is well: one that cannot run with its settings is there all the same. */
export function createPlugin(
  context: CommandContext,
  id: string,
  ref: string,
  { disabled, ...flags }: CreatePluginFlags,
): Promise<boolean> {
  return withAdminApi(context, flags, async (api) => {
    const wanted = {
      id,
      package: ref,
      ...(await readInstance(context, flags)),
      ...(disabled && { enabled: false }),
    };
    const progress = { output: context.output, label: `create ${id}`, json: flags.json };
    const plugin = await withProgress(progress, () =>
      api.json<Plugin>("POST", "/api/plugins", wanted),
    );
    return report(context, plugin, flags);
  });
}

/** `plugin configure`. Answers as `createPlugin` does. */
export function configurePlugin(
  context: CommandContext,
  id: string,
  flags: InstanceFlags,
): Promise<boolean> {
  return withAdminApi(context, flags, async (api) => {
    const wanted = await readInstance(context, flags);
    if (Object.keys(wanted).length === 0) {
      throw new AppError(
        "CONFIG_INVALID",
        "Say what to change: --settings, --oauth, --tool-prefix.",
      );
    }
    const progress = { output: context.output, label: `configure ${id}`, json: flags.json };
    const plugin = await withProgress(progress, () =>
      withNamed(toName(id), () => api.json<Plugin>("PUT", `${pathOf(id)}/config`, wanted)),
    );
    return report(context, plugin, flags);
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
    await withNamed(toName(id), () => api.send("DELETE", `${pathOf(id)}${query}`));
    if (flags.json) context.output.out(`${JSON.stringify({ id, removed: true })}\n`);
    else context.output.err(`Removed ${id}.\n`);
  });
}

/** Answers whether there is nothing to mend. */
function report({ output }: CommandContext, plugin: Plugin, { json }: PluginFlags): boolean {
  const { id, enabled, state, error, reloadError } = plugin;
  const fault = enabled ? (error ?? reloadError) : null;
  if (json) output.out(`${JSON.stringify(plugin)}\n`);
  else if (fault !== null) output.err(`${id} is ${state}: ${fault}\n`);
  else if (enabled && state === "needs-credentials") tellNeeds(plugin, output);
  else output.err(`${id} is ${enabled ? state : "disabled"}.\n`);
  return fault === null;
}

function tellNeeds({ id, missing }: Plugin, { err }: CommandContext["output"]): void {
  err(`${id} starts when it has its credentials. Store each, from stdin:\n`);
  const rows = missing.map(({ name, description }) => [
    `  mcp-plugin-server credentials set ${id} ${name}`,
    description,
  ]);
  err(toTable(rows));
}

function needsOf({ enabled, missing }: Plugin): string | null {
  if (!enabled || missing.length === 0) return null;
  return `needs ${missing.map(({ name }) => name).join(", ")}`;
}

function toName(name: string) {
  return { what: "plugin", name, list: "plugin list" } as const;
}

function pathOf(id: string): string {
  return `/api/plugins/${encodeURIComponent(id)}`;
}

function nameOf(tool: Plugin["tools"][number]): string {
  return typeof tool === "string" ? tool : tool.name;
}

/** As the API has them. @throws AppError `CONFIG_INVALID` */
async function readInstance(
  { input }: CommandContext,
  { settings, oauth, toolPrefix }: InstanceFlags,
): Promise<Record<string, unknown>> {
  if (settings === "-" && oauth === "-") {
    throw new AppError("CONFIG_INVALID", "Only one of --settings and --oauth can be on stdin.");
  }
  return {
    ...(settings !== undefined && { config: await readJson(input, "--settings", settings) }),
    ...(oauth !== undefined && { oauth: await readJson(input, "--oauth", oauth) }),
    ...(toolPrefix !== undefined && { toolPrefix }),
  };
}

async function readJson(input: Input, flag: string, given: string): Promise<unknown> {
  const isOnStdin = given === "-";
  const text = isOnStdin ? new TextDecoder().decode(await input.readAll(MAX_STDIN_BYTES)) : given;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const what = isOnStdin ? `What stdin has for ${flag}` : flag;
    throw new AppError("CONFIG_INVALID", `${what} is not JSON.`, { cause });
  }
}
