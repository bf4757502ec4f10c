import { MCPConfigRegistry } from "@gleanwork/mcp-config-schema";

/** What clients call the server. */
export const SERVER_NAME = "mcp-plugin-server";
const BRIDGE = "mcp-remote";

export interface ClientConfig {
  readonly id: string;
  readonly name: string;
  /** The configuration file of the client on this system, or `null` where it has none. */
  readonly file: string | null;
  /** What the file must contain; merge it with what is there. */
  readonly text: string;
  /** A shell command that does the same, where the client has one that carries the key. */
  readonly command: string | null;
}

const registry = new MCPConfigRegistry();
export type ClientId = Parameters<typeof registry.createBuilder>[0];

export function clientIds(): string[] {
  return registry
    .getAllConfigs()
    .filter(({ userConfigurable }) => userConfigurable)
    .map(({ id }) => id);
}

/**
 * How to enter the server in a client.
 *
 * @param id one of `clientIds()`
 * @param clientKey `null` when the server asks for none
 */
export function clientConfig(id: string, mcpUrl: string, clientKey: string | null): ClientConfig {
  const client = id as ClientId;
  const builder = registry.createBuilder(client);
  const { displayName, transports } = registry.getConfig(client) ?? {};
  const connection = { transport: "http", serverUrl: mcpUrl, serverName: SERVER_NAME } as const;
  const authorization = clientKey === null ? null : `Bearer ${clientKey}`;
  const withKey = {
    ...connection,
    ...(authorization !== null && { headers: { Authorization: authorization } }),
  };
  const isBridged = !transports?.includes("http");
  const command = orNull(() => builder.buildCommand(withKey));
  return {
    id,
    name: displayName ?? id,
    file: orNull(() => builder.getConfigPath()),
    text: builder.toString(
      isBridged && authorization !== null
        ? addBridgeKey(builder.buildConfiguration(connection), authorization)
        : builder.buildConfiguration(withKey),
    ),
    command: clientKey === null || command?.includes(clientKey) ? command : null,
  };
}

/**
 * Hands the key to the bridge by its environment. As an argument it would stand in the list of processes, and some
 * clients on Windows break an argument at its space.
 */
function addBridgeKey<T>(configuration: T, authorization: string): T {
  const withKey = structuredClone(configuration);
  const servers = Object.values(withKey as Record<string, Record<string, BridgeEntry>>)[0];
  const entry = servers?.[SERVER_NAME];
  if (!entry?.args?.includes(BRIDGE)) throw new Error("The bridge's configuration has changed.");
  entry.args.push("--header", "Authorization:${AUTH_HEADER}");
  entry.env = { AUTH_HEADER: authorization };
  return withKey;
}

interface BridgeEntry {
  args?: string[];
  env?: Record<string, string>;
}

/** The registry throws where a client has no such thing on this system. */
export function orNull(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
