/** For programs that run the server themselves on Node, as `mcp-plugin-server/adapters/node`. */
export { createExpress } from "./express.ts";
export { configureLogging, createLogger } from "./logging.ts";
export { startServer } from "./server.ts";
export type { RunningServer } from "./server.ts";
export { readSettings } from "./settings.ts";
export type { Environment, SettingFlags, Settings } from "./settings.ts";
