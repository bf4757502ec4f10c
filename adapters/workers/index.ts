/** For programs that run the server on Cloudflare Workers, as `mcp-plugin-server/adapters/workers`. */
export { createWorker } from "./create-worker.ts";
export type { BundledPlugins } from "./bundled-plugins.ts";
export type { WorkerContext, WorkerHandler } from "./create-worker.ts";
export type { WorkerEnv } from "./settings.ts";
