import { AppError } from "../../../src/index.ts";
import type { SettingFlags } from "../settings.ts";
import type { CommandContext } from "./credentials.ts";
import { printable } from "./printable.ts";
import { toTable } from "./table.ts";
import { withNamed } from "./unknown-name.ts";
import { withAdminApi } from "./with-admin-api.ts";
import { withProgress } from "./with-progress.ts";

export interface ToolFlags extends SettingFlags {
  readonly plugin?: string;
  readonly json?: boolean;
}

interface Tool {
  readonly name: string;
  readonly plugin: string;
  readonly description?: string | null;
}

/** What a call answers, as MCP has it. */
interface ToolResult {
  readonly isError?: boolean;
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
}

/** Tools are known when their plugins run. */
const WITH_PLUGINS = { withPlugins: true } as const;

/** `tools list`. */
export function listTools(context: CommandContext, flags: ToolFlags): Promise<void> {
  const list = async (api: Parameters<Parameters<typeof withAdminApi>[2]>[0]) => {
    const query = flags.plugin === undefined ? {} : { plugin: flags.plugin };
    const tools = await api.all<Tool>("/api/tools", query);
    if (flags.json) return context.output.out(`${JSON.stringify(tools)}\n`);
    const rows = tools.map(({ name, plugin, description }) => [
      name,
      plugin,
      (description ?? "").split("\n", 1)[0]!.slice(0, 80),
    ]);
    context.output.out(toTable([["TOOL", "PLUGIN", "DOES"], ...rows]));
  };
  return withAdminApi(context, flags, list, WITH_PLUGINS);
}

/** `tools call`. Answers whether the tool did what it was asked for. */
export function callTool(
  context: CommandContext,
  name: string,
  args: string | undefined,
  flags: ToolFlags,
): Promise<boolean> {
  const call = async (api: Parameters<Parameters<typeof withAdminApi>[2]>[0]) => {
    const path = `/api/tools/${encodeURIComponent(name)}/call`;
    const sent = { arguments: parseArguments(args) };
    const { output } = context;
    const progress = { output, label: `Calling ${printable(name)}`, json: flags.json };
    const result = await withProgress(progress, () =>
      withNamed({ what: "tool", name, list: "tools list" }, () =>
        api.json<ToolResult>("POST", path, sent),
      ),
    );
    if (flags.json) output.out(`${JSON.stringify(result)}\n`);
    else {
      for (const { type, text } of result.content ?? []) {
        const lines = (text ?? `[${type}]`).split("\n");
        // A terminal does what it is told, by whoever.
        output.out(`${(output.outIsTerminal ? lines.map(printable) : lines).join("\n")}\n`);
      }
    }
    return result.isError !== true;
  };
  return withAdminApi(context, flags, call, WITH_PLUGINS);
}

/** @throws AppError `CONFIG_INVALID` */
function parseArguments(text: string | undefined): unknown {
  try {
    return text === undefined ? {} : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "The arguments are not JSON.", { cause });
  }
}
