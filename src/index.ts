/** What adapters, and programs that embed the server, import. */
export { problem } from "./api/problem.ts";
export type { SocketDecision } from "./api/mcp-socket.ts";
export { createApp } from "./app.ts";
export type { App, AppDeps } from "./app.ts";
export { parsePluginsFile } from "./config.ts";
export { environmentKey, KEY_ROLES, toKeyRecord } from "./core/auth/keys.ts";
export { bearerSecretFault } from "./core/auth/bearer-secret.ts";
export { MAX_MESSAGE_BYTES, MAX_UNSENT_BYTES } from "./core/message-text.ts";
export { parseMasterKey } from "./core/auth/master-key.ts";
export { parseManifest } from "./core/plugin-manifest.ts";
export type { StepLimits } from "./core/plugin-steps.ts";
export type { InstanceStatus } from "./core/plugin-status.ts";
export type { ServerIdentity } from "./core/plugin-mcp-server.ts";
export { AppError, ERROR_CODES, messageOf, stackOf } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { createInProcessHost } from "./host/in-process-host.ts";
export { loadRemotePlugin } from "./host/remote-plugin.ts";
export type { LinkEvents, PluginLink, RemoteLimits } from "./host/remote-plugin.ts";
export { createPortableSchemaEngine } from "./host/portable-schema-engine.ts";
export type { Database } from "./storage/database.ts";
export { createInstanceRepository } from "./storage/instance-repository.ts";
export { createKeyRepository } from "./storage/key-repository.ts";
export {
  createMemoryCredentials,
  createMemoryInstances,
  createMemorySessions,
} from "./storage/memory.ts";
export type {
  InstanceEntry,
  InstanceStore,
  PluginDiscovery,
  PluginManifest,
  PluginPackage,
} from "./types/instances.ts";
export type { KeyRole } from "./core/auth/keys.ts";
export type { KeyRecord, KeyStore } from "./types/keys.ts";
export type { CredentialSource } from "./types/auth.ts";
export type { MessageChannel, ServedChannel } from "./types/channel.ts";
export type { HostKind, PluginHost } from "./types/host.ts";
export type { JsonSchema } from "./types/json.ts";
export type { LogFields, Logger } from "./types/logger.ts";
export type { Principal } from "./types/principal.ts";
export type { Sha256, Time } from "./types/runtime.ts";
export type { LegacySession, LegacySessions } from "./types/sessions.ts";
export type { SchemaEngine, SchemaValidator } from "./types/schema-engine.ts";
export type { ServerConfig } from "./types/server-config.ts";
export { LOOPBACK_NAMES, parsePublicOrigin } from "./util/origin.ts";
export { randomToken, uuidv7 } from "./util/ids.ts";
