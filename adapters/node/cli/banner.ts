import type { InstanceStatus } from "../../../src/index.ts";
import type { RunningServer } from "../server.ts";
import { VERSION } from "../version.ts";
import type { ClientConfig } from "./client-config.ts";
import { COMMON_CLIENTS } from "./common-clients.ts";

/** The one JSON line of `--json`. Secrets are in it only when this run made them. */
export function jsonBanner({ url, mcpUrl, dataDir, created }: Omit<RunningServer, "app">): string {
  return JSON.stringify({ url, mcpUrl, ...created, dataDir, pid: process.pid });
}

export interface BannerFacts extends Pick<RunningServer, "url" | "mcpUrl" | "dataDir" | "created"> {
  readonly plugins: readonly InstanceStatus[];
  readonly auth: "keys" | "none";
  /** How a person calls this program, such as `npx mcp-plugin-server`. */
  readonly command: string;
}

/**
 * The block that a person reads after the start. The first run shows its secrets and how to enter the server in the
 * common clients; a later one cannot, because only hashes are stored.
 */
export async function textBanner(facts: BannerFacts): Promise<string> {
  const { url, mcpUrl, dataDir, created, auth } = facts;
  const lines = [
    "",
    `  mcp-plugin-server ${VERSION} is ready`,
    "",
    `  MCP address   ${mcpUrl}`,
    ...pluginLines(facts.plugins),
    `  Health        ${url}/healthz`,
    `  Data folder   ${dataDir}`,
  ];
  if (auth === "none") lines.push("  Client key    none needed (MCP_AUTH=none)");
  if (created.clientKey) lines.push(`  Client key    ${created.clientKey}`);
  if (created.adminToken) lines.push(`  Admin token   ${created.adminToken}`);
  if (created.clientKey || created.adminToken) {
    lines.push("", "  Keep this now: only hashes are stored, and it is not shown again.");
  }
  const isFirstRun = auth === "none" ? created.adminToken : created.clientKey;
  if (isFirstRun) lines.push(...(await clientLines(mcpUrl, created.clientKey ?? null)));
  else {
    const command = `${facts.command} connect claude-code --url ${mcpUrl}`;
    lines.push("", "  To connect a client (another name for another one):", `    ${command}`);
  }
  return `${lines.join("\n")}\n\n`;
}

function pluginLines(plugins: readonly InstanceStatus[]): string[] {
  const running = plugins.filter(({ state }) => state === "running");
  const others = plugins.filter(({ state, enabled }) => enabled && state !== "running");
  const tools = running.reduce((sum, status) => sum + status.tools.length, 0);
  const names = running.map(({ id }) => id).join(", ") || "none";
  return [
    `  Plugins       ${names} (${tools} ${tools === 1 ? "tool" : "tools"})`,
    ...others.map(({ id, error, state }) => `  Not running   ${id}: ${error ?? state}`),
  ];
}

async function clientLines(mcpUrl: string, clientKey: string | null): Promise<string[]> {
  // Some 90 ms, which a later start need not pay.
  const { clientConfig } = await import("./client-config.ts");
  return COMMON_CLIENTS.map((id) => clientConfig(id, mcpUrl, clientKey)).flatMap((config) => [
    "",
    `  ${config.name}: ${whatToDo(config)}`,
    ...(config.command ?? config.text)
      .trimEnd()
      .split("\n")
      .map((line) => `    ${line}`),
  ]);
}

function whatToDo({ command, file }: ClientConfig): string {
  if (command !== null) return "run";
  return file === null ? "put into its configuration" : `put into ${file}`;
}
