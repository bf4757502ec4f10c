/** What adapters, and programs that embed the server, import. */
export { createApp } from "./app.ts";
export type { App, AppDeps } from "./app.ts";
export { parsePluginsFile, parseServerConfig, pluginsFileSchema } from "./config.ts";
export { toKeyRecord } from "./core/auth/authenticator.ts";
export { bearerSecretFault } from "./core/auth/bearer-secret.ts";
export { parseMasterKey } from "./core/auth/master-key.ts";
export { INSTANCE_ID } from "./core/instance-settings.ts";
export { parseManifest } from "./core/plugin-manifest.ts";
export type { InstanceStatus } from "./core/plugin-status.ts";
export type { ServerIdentity } from "./core/plugin-mcp-server.ts";
export { AppError, ERROR_CODES, messageOf } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { createInProcessHost } from "./host/in-process-host.ts";
export { createPortableSchemaEngine } from "./host/portable-schema-engine.ts";
export type { Database } from "./storage/database.ts";
export { createInstanceRepository } from "./storage/instance-repository.ts";
export { createKeyRepository } from "./storage/key-repository.ts";
export {
  createMemoryCredentials,
  createMemoryInstances,
  createMemoryKeys,
  createMemorySessions,
} from "./storage/memory.ts";
export type {
  InstanceEntry,
  InstanceStore,
  PluginDiscovery,
  PluginManifest,
  PluginPackage,
} from "./types/instances.ts";
export type { KeyRecord, KeyStore } from "./types/keys.ts";
export type { JsonSchema } from "./types/json.ts";
export type { LogFields, Logger } from "./types/logger.ts";
export type { Principal } from "./types/principal.ts";
export type { Sha256, Time } from "./types/runtime.ts";
export type { SchemaEngine, SchemaValidator } from "./types/schema-engine.ts";
export type { ServerConfig } from "./types/server-config.ts";
export { toBase64Url } from "./util/bytes.ts";
export { LOOPBACK_NAMES, parseOrigin } from "./util/origin.ts";
export { randomToken, uuidv7 } from "./util/ids.ts";
