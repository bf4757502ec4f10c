import { AppError } from "../../../src/index.ts";
import { readSettings, type Environment } from "../settings.ts";
import { clientConfig, clientIds, COMMON_CLIENTS } from "./client-config.ts";

const KEY_PLACEHOLDER = "YOUR_CLIENT_KEY";

/** `connect`: prints a client's configuration. The key is taken from MCP_CLIENT_KEY, else left to be filled in. */
export function connect(
  env: Environment,
  client: string,
  { url, json = false }: { url?: string; json?: boolean },
): void {
  if (client === "list") {
    process.stdout.write(json ? `${JSON.stringify(clientIds())}\n` : `${clientIds().join("\n")}\n`);
    return;
  }
  const settings = readSettings(env);
  const scheme = settings.tls === null ? "http" : "https";
  const mcpUrl =
    url ?? `${settings.publicUrl ?? `${scheme}://${settings.host}:${settings.port}`}/mcp`;
  const key = settings.secrets.clientKey ?? KEY_PLACEHOLDER;
  const config = clientConfig(client, mcpUrl, key);
  if (config === null) {
    throw new AppError(
      "CONFIG_INVALID",
      `Unknown client "${client}". Try one of ${COMMON_CLIENTS.join(", ")}; "connect list" names all.`,
    );
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(config)}\n`);
    return;
  }
  if (config.command !== null) process.stdout.write(`${config.command}\n`);
  else process.stdout.write(`${config.text.trimEnd()}\n`);
  const hints = [
    config.command === null && config.file !== null ? `Put this into ${config.file}.` : null,
    key === KEY_PLACEHOLDER
      ? `Replace ${KEY_PLACEHOLDER} by the client key of the first start, or set MCP_CLIENT_KEY for this command.`
      : null,
  ];
  process.stderr.write(
    hints
      .filter((hint) => hint !== null)
      .map((hint) => `${hint}\n`)
      .join(""),
  );
}
