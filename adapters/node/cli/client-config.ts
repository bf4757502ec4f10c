import { MCPConfigRegistry } from "@gleanwork/mcp-config-schema";

/** The clients that the first run shows; `connect` knows every client of the registry. */
export const COMMON_CLIENTS = [
  "claude-code",
  "claude-desktop",
  "vscode",
  "cursor",
  "codex",
] as const;
export const SERVER_NAME = "mcp-plugin-server";

export interface ClientConfig {
  readonly id: string;
  readonly name: string;
  /** The configuration file of the client on this system, or `null` where it has none. */
  readonly file: string | null;
  /** What to put into the file. */
  readonly text: string;
  /** A shell command that does the same, where the client has one. */
  readonly command: string | null;
}

export function clientIds(): string[] {
  return new MCPConfigRegistry()
    .getAllConfigs()
    .filter(({ userConfigurable }) => userConfigurable)
    .map(({ id }) => id);
}

/** How to enter the server in a client; `null` for a client that nobody knows. */
export function clientConfig(id: string, mcpUrl: string, clientKey: string): ClientConfig | null {
  const known = clientIds().find((candidate) => candidate === id);
  if (known === undefined) return null;
  const builder = new MCPConfigRegistry().createBuilder(known as (typeof COMMON_CLIENTS)[number]);
  const options = {
    transport: "http",
    serverUrl: mcpUrl,
    serverName: SERVER_NAME,
    headers: { Authorization: `Bearer ${clientKey}` },
  } as const;
  const config = new MCPConfigRegistry().getConfig(known as (typeof COMMON_CLIENTS)[number]);
  return {
    id,
    name: config?.displayName ?? id,
    file: orNull(() => builder.getConfigPath()),
    text: builder.toString(builder.buildConfiguration(options)),
    command: orNull(() => builder.buildCommand(options)),
  };
}

/** The registry throws where a client has no such thing on this system. */
function orNull(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
