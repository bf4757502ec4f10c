import { onTestFinished } from "vitest";
import { startServer, type RunningServer } from "../../adapters/node/server.ts";
import { readSettings } from "../../adapters/node/settings.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { temporaryFolder, withFixture } from "./server-process.ts";

export interface NodeServer extends RunningServer {
  readonly clientKey: string;
  readonly adminToken: string;
  readonly logs: readonly LogRecord[];
}

/** The whole server of Node in this process, with settings of the caller's. Closed when the test ends. */
export async function startNodeServer(env: Readonly<Record<string, string>>): Promise<NodeServer> {
  const logger = createRecordingLogger();
  const server = await startServer(readSettings({ MCP_RATE_LIMITS: "off", ...env }), logger);
  onTestFinished(() => server.close());
  // A later start makes none.
  const { clientKey = env["MCP_CLIENT_KEY"], adminToken = env["MCP_ADMIN_TOKEN"] } = server.created;
  return { ...server, clientKey: clientKey!, adminToken: adminToken!, logs: logger.records };
}

/** The whole server of Node in this process, with the end-to-end fixture, on a free port. Closed when the test ends. */
export async function openNodeServer(env: Record<string, string> = {}): Promise<NodeServer> {
  const { path, remove } = temporaryFolder();
  const logger = createRecordingLogger();
  const all = {
    PORT: "0",
    MCP_RATE_LIMITS: "off",
    MCP_DATA_DIR: `${path}/data`,
    ...withFixture(path),
    ...env,
  };
  const server = await startServer(readSettings(all), logger);
  onTestFinished(async () => {
    await server.close();
    remove();
  });
  const { clientKey, adminToken } = server.created;
  return { ...server, clientKey: clientKey!, adminToken: adminToken!, logs: logger.records };
}
