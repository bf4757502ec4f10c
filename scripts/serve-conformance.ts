/** `npm run serve:conformance`: the server with the conformance suite's fixture plugin alone, on $PORT of localhost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configureLogging, createLogger } from "../adapters/node/logging.ts";
import { startServer } from "../adapters/node/server.ts";
import { readSettings } from "../adapters/node/settings.ts";
import { messageOf } from "../src/index.ts";

const fixtures = fileURLToPath(new URL("../test/fixtures", import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
process.once("exit", () => rmSync(dataDir, { recursive: true, force: true }));

try {
  const settings = readSettings({
    PORT: process.env["PORT"],
    MCP_AUTH: "none",
    MCP_DATA_DIR: dataDir,
    MCP_CONFIG: join(fixtures, "conformance-plugins.json"),
    MCP_PLUGINS_DIR: join(fixtures, "plugins"),
    LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warning",
  });
  await configureLogging(settings.logFormat, settings.logLevel);
  const server = await startServer(settings, createLogger());
  // By name, because the suite's check against DNS rebinding wants it so.
  process.stdout.write(`http://localhost:${server.port}/mcp\n`);

  const stop = () => void server.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
