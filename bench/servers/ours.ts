import { mkdtempSync, writeFileSync, mkdirSync, copyFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  configureLogging,
  createLogger,
  readSettings,
  startServer,
} from "../../adapters/node/index.ts";
import { announce } from "./child.ts";

/** The whole server as `npm start` runs it, keys on, with one plugin, which runs in BENCH_HOST. */
const folder = mkdtempSync(join(tmpdir(), "mcps-bench-"));
mkdirSync(join(folder, "plugins", "echo"), { recursive: true });
copyFileSync(
  fileURLToPath(new URL("echo-plugin.ts", import.meta.url)),
  join(folder, "plugins", "echo", "index.ts"),
);
const host = process.env["BENCH_HOST"] ?? "in-process";
const config = join(folder, "plugins.json");
writeFileSync(
  config,
  JSON.stringify({ plugins: { echo: { package: "./echo", toolPrefix: "", host } } }),
);

await configureLogging("json", "error");
const server = await startServer(
  readSettings({
    // What is measured is more than anybody may do.
    MCP_RATE_LIMITS: "off",
    PORT: "0",
    MCP_DATA_DIR: join(folder, "data"),
    MCP_PLUGINS_DIR: join(folder, "plugins"),
    MCP_CONFIG: config,
  }),
  createLogger(),
);
announce({ url: server.mcpUrl, key: server.created.clientKey ?? "" });
