import type { RunningServer } from "../server.ts";
import { clientConfig, COMMON_CLIENTS } from "./client-config.ts";

/** The one JSON line of `--json`. */
export function jsonBanner({ url, mcpUrl, dataDir, created }: RunningServer): string {
  return JSON.stringify({ url, mcpUrl, ...created, dataDir, pid: process.pid });
}

/** The block that a person reads after the start. Secrets are in it only when this run made them. */
export function textBanner(server: RunningServer, auth: "keys" | "none"): string {
  const { url, mcpUrl, dataDir, created } = server;
  const running = server.app.manager.statuses().filter(({ state }) => state === "running");
  const tools = running.reduce((sum, status) => sum + status.tools.length, 0);
  const lines = [
    "",
    "  mcp-plugin-server is ready",
    "",
    `  MCP address   ${mcpUrl}`,
    `  Health        ${url}/healthz`,
    `  Plugins       ${running.map(({ id }) => id).join(", ") || "none"} (${tools} tools)`,
    `  Data folder   ${dataDir}`,
  ];
  if (auth === "none") lines.push("  Client key    none needed (MCP_AUTH=none)");
  if (created.clientKey) lines.push(`  Client key    ${created.clientKey}`);
  if (created.adminToken) lines.push(`  Admin token   ${created.adminToken}`);
  if (created.clientKey || created.adminToken) {
    lines.push(
      "",
      "  Keep these secrets now: only their hashes are stored, and they are not shown again.",
    );
  }
  if (created.clientKey) lines.push(...clientBlocks(mcpUrl, created.clientKey));
  else {
    lines.push("", `  Connect a client: mcp-plugin-server connect <${COMMON_CLIENTS.join(" | ")}>`);
  }
  return `${lines.join("\n")}\n`;
}

function clientBlocks(mcpUrl: string, clientKey: string): string[] {
  const lines: string[] = [];
  for (const id of COMMON_CLIENTS) {
    const config = clientConfig(id, mcpUrl, clientKey);
    if (config === null) continue;
    lines.push("", `  ${config.name}${config.file === null ? "" : ` (${config.file})`}`);
    const text = config.command ?? config.text;
    lines.push(
      ...text
        .trimEnd()
        .split("\n")
        .map((line) => `    ${line}`),
    );
  }
  return lines;
}
