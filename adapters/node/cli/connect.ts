import { AppError } from "../../../src/index.ts";
import { serverUrl } from "../address.ts";
import { readSettings, type Environment, type Settings } from "../settings.ts";
import { clientConfig, clientIds } from "./client-config.ts";
import type { Output } from "./output.ts";
import { stdioClientConfig, stdioCommandLine } from "./stdio-config.ts";

const KEY_PLACEHOLDER = "YOUR_CLIENT_KEY";

/**
 * `connect`: prints a client's configuration, and as prose what to do with it. The key is taken from
 * MCP_CLIENT_KEY, or left to be filled in, because the server itself knows only its hash.
 *
 * @param client one for which `isClient` holds
 */
export function connect(
  env: Environment,
  client: string,
  { url, stdio = false, json = false }: { url?: string; stdio?: boolean; json?: boolean },
  { out, err }: Output,
): void {
  const settings = readSettings(env);
  const needsKey = settings.auth === "keys" && !stdio;
  const key = needsKey ? (settings.secrets.clientKey ?? KEY_PLACEHOLDER) : null;
  const config = stdio
    ? stdioClientConfig(client, stdioCommandLine(settings))
    : clientConfig(client, url ?? mcpUrl(settings), key);
  if (json) {
    out(`${JSON.stringify(config)}\n`);
    return;
  }
  out(`${(config.command ?? config.text).trimEnd()}\n`);
  if (config.command === null && config.file !== null) {
    err(`Put this into ${config.file}, beside what is there.\n`);
  }
  if (key === KEY_PLACEHOLDER) {
    err(
      `Replace ${KEY_PLACEHOLDER} by the client key of the first start, or set MCP_CLIENT_KEY for this command.\n`,
    );
  }
}

export function isClient(name: string): boolean {
  return clientIds().includes(name);
}

/** `connect list`: the clients it knows. */
export function listClients({ json = false }: { json?: boolean }, { out }: Output): void {
  out(json ? `${JSON.stringify(clientIds())}\n` : `${clientIds().join("\n")}\n`);
}

function mcpUrl(settings: Settings): string {
  if (settings.port === 0 && settings.publicUrl === null) {
    throw new AppError(
      "CONFIG_INVALID",
      "PORT=0 lets the server take any free port. Say which it took: --url http://127.0.0.1:<port>/mcp",
    );
  }
  return `${serverUrl(settings, settings.port)}/mcp`;
}
