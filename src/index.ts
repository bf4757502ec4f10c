/** What adapters, and programs that embed the server, import. */
export { problem } from "./api/problem.ts";
export type { SocketDecision } from "./api/mcp-socket.ts";
export { createApp } from "./app.ts";
export type { App } from "./app.ts";
export type { AppDeps } from "./app-deps.ts";
export { parsePluginsFile } from "./config.ts";
export { environmentKey, KEY_ROLES, toKeyRecord } from "./core/auth/keys.ts";
export { bearerSecretFault } from "./core/auth/bearer-secret.ts";
export { MAX_MESSAGE_BYTES, MAX_UNSENT_BYTES } from "./core/message-text.ts";
export { createAuditLog } from "./core/audit.ts";
export type {
  AuditActor,
  AuditLogDeps,
  AuditPruned,
  AuditSinkStatus,
  AuditStatus,
  AuditTrail,
  AuditVerifyWork,
} from "./core/audit.ts";
export { isChainId } from "./core/audit/chain-id.ts";
export type { AuditFaultKind } from "./core/audit/check-chain.ts";
export { formatAudit } from "./core/audit/export.ts";
export type { AuditFormat } from "./core/audit/export.ts";
export { readAudit } from "./core/audit/read-audit.ts";
export type { AuditFilter, AuditQuery } from "./core/audit/read-audit.ts";
export { createRefusalRecorder } from "./core/audit/refusals.ts";
export type { RefusalRecorder } from "./core/audit/refusals.ts";
export type { AuditFault, AuditVerification } from "./core/audit/verify.ts";
export { auditLine, parseAuditLine } from "./core/audit/record-line.ts";
export { parseMasterKey } from "./core/auth/master-key.ts";
export { openVault } from "./core/auth/open-vault.ts";
export type { OpenedVault, OpenVaultDeps } from "./core/auth/open-vault.ts";
export { assertOwner } from "./core/auth/credential-ids.ts";
export { parseIssuerSettings } from "./core/auth/issuer-settings.ts";
export { passphraseBytes, passphraseFault } from "./core/auth/passphrase.ts";
export { readAuditKey } from "./core/auth/audit-key.ts";
export { createServerProof } from "./core/auth/server-proof.ts";
export type { ServerProof } from "./core/auth/server-proof.ts";
export { readAuthConfig } from "./core/auth-config.ts";
export { checkCredential } from "./core/field-validation.ts";
export { LogFeed } from "./core/log-feed.ts";
export { createOutboundGuard } from "./core/outbound/guard.ts";
export { createGuardedFetch } from "./core/outbound/guarded-fetch.ts";
export { parseTrustedProxies, type TrustedProxies } from "./core/limits/client-address.ts";
export type { LoadMeter } from "./core/limits/load-shedder.ts";
export {
  DEFAULT_RATE_LIMITS,
  parseRateLimits,
  type RateLimits,
} from "./core/limits/rate-limits.ts";
export { parsePrivateOrigins, PUBLIC_ONLY } from "./core/outbound/policy.ts";
export type { OutboundPolicy } from "./core/outbound/policy.ts";
export { refused as outboundRefusal } from "./core/outbound/refusals.ts";
export { parseManifest } from "./core/plugin-manifest.ts";
export type { ServerSettingName } from "./core/server-setting-schemas.ts";
export { readRegistry } from "./core/registry.ts";
export type { StepLimits } from "./core/plugin-steps.ts";
export type { InstanceStatus } from "./core/plugin-status.ts";
export { createScrubber } from "./core/scrubber.ts";
export type { ServerIdentity } from "./core/plugin-mcp-server.ts";
export { AppError, ERROR_CODES, messageOf, stackOf } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { createInProcessHost } from "./host/in-process-host.ts";
export { loadRemotePlugin } from "./host/remote-plugin.ts";
export type { LinkEvents, PluginLink, RemoteLimits } from "./host/remote-plugin.ts";
export { createPortableSchemaEngine } from "./host/portable-schema-engine.ts";
export { createAuditRepository } from "./storage/audit-repository.ts";
export { createBatches, createTransactions } from "./storage/atomically.ts";
export { createCredentialRepository } from "./storage/credential-repository.ts";
export type { Database, VaultDatabase } from "./storage/database.ts";
export { createInstanceRepository } from "./storage/instance-repository.ts";
export { createKeyRepository } from "./storage/key-repository.ts";
export { createOAuthFlowRepository } from "./storage/oauth-flow-repository.ts";
export { createOAuthGrantRepository } from "./storage/oauth-grant-repository.ts";
export { createSignInRepository } from "./storage/sign-in-repository.ts";
export { createServerSettingsRepository } from "./storage/server-settings-repository.ts";
export { createToolSettingsRepository } from "./storage/tool-settings-repository.ts";
export { createVaultRepository } from "./storage/vault-repository.ts";
export { createMemorySessions } from "./storage/memory.ts";
export { createMemoryServerSettings } from "./storage/memory-server-settings.ts";
export { createMemoryInstances, createMemoryToolSettings } from "./storage/memory-instances.ts";
export {
  createMemoryOAuthFlows,
  createMemoryOAuthGrants,
  createMemorySignIns,
} from "./storage/memory-oauth.ts";
export { createMemoryAudit } from "./storage/memory-audit.ts";
export {
  createMemoryCredentialDriver,
  createMemoryVaultStore,
} from "./storage/memory-vault-store.ts";
export type { IssuerSettings } from "./types/access-tokens.ts";
export type {
  AuditAction,
  AuditAnchor,
  AuditEntry,
  AuditHead,
  AuditLog,
  AuditOutcome,
  AuditRecord,
  AuditSink,
  AuditStore,
  DamagedRecord,
} from "./types/audit.ts";
export type {
  InstanceEntry,
  InstanceStore,
  PluginDiscovery,
  PluginManifest,
  PluginPackage,
  ToolSettingsStore,
} from "./types/instances.ts";
export type { KeyRole } from "./core/auth/keys.ts";
export type { KeyRecord, KeyStore } from "./types/keys.ts";
export type { MessageChannel, ServedChannel } from "./types/channel.ts";
export type { HostKind, PluginHost } from "./types/host.ts";
export type { JsonSchema } from "./types/json.ts";
export type { LogLine, LogTap } from "./types/log-tap.ts";
export type { LogFields, Logger } from "./types/logger.ts";
export type {
  Outbound,
  OutboundCarrier,
  OutboundFault,
  OutboundGuard,
  OutboundHop,
  OutboundRequest,
  OutboundResponse,
  OutboundRule,
} from "./types/outbound.ts";
export type { Principal } from "./types/principal.ts";
export type {
  CredentialDriver,
  CredentialDriverKind,
  CredentialId,
  CredentialListing,
  DataKeyRecord,
  Ledger,
  LedgerChange,
  LedgerEntry,
  MasterKeyProvider,
  MasterKeyRotation,
  Owner,
  OwnerVault,
  SecureStorage,
  StoreGuard,
  Vault,
  VaultActor,
  VaultFault,
  VaultProgress,
  VaultStatus,
  VaultStore,
  VaultWork,
} from "./types/vault.ts";
export type { Scrubber } from "./types/scrubber.ts";
export type { HmacSha256, Sha256, Time } from "./types/runtime.ts";
export type { RuntimeReading, RuntimeStats } from "./types/runtime-stats.ts";
export type { LegacySession, LegacySessions } from "./types/sessions.ts";
export type { SchemaEngine, SchemaFault, SchemaValidator } from "./types/schema-engine.ts";
export type { ServerConfig } from "./types/server-config.ts";
export { assertCredentialName } from "./util/credential-names.ts";
export { LOOPBACK_NAMES, parsePublicOrigin } from "./util/origin.ts";
export { faultWords } from "./util/schema-fault.ts";
export { randomToken, uuidv7 } from "./util/ids.ts";
