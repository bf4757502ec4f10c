import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as nodeAdapter from "../../adapters/node/index.ts";
import * as workersAdapter from "../../adapters/workers/index.ts";
import { VERSION } from "../../adapters/workers/version.ts";
import * as server from "../../src/index.ts";
import * as plugin from "../../src/plugins/index.ts";

const ROOT = new URL("../../", import.meta.url);

/** What other programs may rely on: a name that goes is a breaking change, one that comes is a promise. */
describe("the package", () => {
  it("exports these names as mcp-plugin-server", () => {
    expect(valuesOf(server)).toMatchInlineSnapshot(`
      "AppError
      DEFAULT_RATE_LIMITS
      ERROR_CODES
      KEY_ROLES
      LOOPBACK_NAMES
      LogFeed
      MAX_MESSAGE_BYTES
      MAX_UNSENT_BYTES
      PUBLIC_ONLY
      assertCredentialName
      assertOwner
      auditLine
      bearerSecretFault
      checkCredential
      createApp
      createAuditLog
      createAuditRepository
      createBatches
      createCredentialRepository
      createGuardedFetch
      createInProcessHost
      createInstanceRepository
      createKeyRepository
      createMemoryAudit
      createMemoryCredentialDriver
      createMemoryInstances
      createMemoryOAuthFlows
      createMemoryOAuthGrants
      createMemoryServerSettings
      createMemorySessions
      createMemorySignIns
      createMemoryToolSettings
      createMemoryVaultStore
      createOAuthFlowRepository
      createOAuthGrantRepository
      createOutboundGuard
      createPortableSchemaEngine
      createRefusalRecorder
      createScrubber
      createServerProof
      createServerSettingsRepository
      createSignInRepository
      createToolSettingsRepository
      createTransactions
      createVaultRepository
      environmentKey
      faultWords
      formatAudit
      isChainId
      loadRemotePlugin
      messageOf
      openVault
      outboundRefusal
      parseAuditLine
      parseIssuerSettings
      parseManifest
      parseMasterKey
      parsePluginsFile
      parsePrivateOrigins
      parsePublicOrigin
      parseRateLimits
      parseTrustedProxies
      passphraseBytes
      passphraseFault
      problem
      randomToken
      readAudit
      readAuditKey
      readAuthConfig
      readRegistry
      stackOf
      toKeyRecord
      uuidv7"
    `);
    expect(typesOf("src/index.ts")).toMatchInlineSnapshot(`
      "App
      AppDeps
      AuditAction
      AuditActor
      AuditAnchor
      AuditEntry
      AuditFault
      AuditFaultKind
      AuditFilter
      AuditFormat
      AuditHead
      AuditLog
      AuditLogDeps
      AuditOutcome
      AuditPruned
      AuditQuery
      AuditRecord
      AuditSink
      AuditSinkStatus
      AuditStatus
      AuditStore
      AuditTrail
      AuditVerification
      AuditVerifyWork
      CredentialDriver
      CredentialDriverKind
      CredentialId
      CredentialListing
      DamagedRecord
      DataKeyRecord
      Database
      ErrorCode
      HmacSha256
      HostKind
      InstanceEntry
      InstanceStatus
      InstanceStore
      IssuerSettings
      JsonSchema
      KeyRecord
      KeyRole
      KeyStore
      Ledger
      LedgerChange
      LedgerEntry
      LegacySession
      LegacySessions
      LinkEvents
      LoadMeter
      LogFields
      LogLine
      LogTap
      Logger
      MasterKeyProvider
      MasterKeyRotation
      MessageChannel
      OpenVaultDeps
      OpenedVault
      Outbound
      OutboundCarrier
      OutboundFault
      OutboundGuard
      OutboundHop
      OutboundPolicy
      OutboundRequest
      OutboundResponse
      OutboundRule
      Owner
      OwnerVault
      PluginDiscovery
      PluginHost
      PluginLink
      PluginManifest
      PluginPackage
      Principal
      RateLimits
      RefusalRecorder
      RemoteLimits
      RuntimeReading
      RuntimeStats
      SchemaEngine
      SchemaFault
      SchemaValidator
      Scrubber
      SecureStorage
      ServedChannel
      ServerConfig
      ServerIdentity
      ServerProof
      ServerSettingName
      Sha256
      SocketDecision
      StepLimits
      StoreGuard
      Time
      ToolSettingsStore
      TrustedProxies
      Vault
      VaultActor
      VaultDatabase
      VaultFault
      VaultProgress
      VaultStatus
      VaultStore
      VaultWork"
    `);
  });

  it("exports these names as mcp-plugin-server/plugin", () => {
    expect(valuesOf(plugin)).toMatchInlineSnapshot(`
      "ApiKeyPlugin
      BasePlugin
      JwtPlugin
      OAuthPlugin
      ToolError
      accepted
      createTestHost
      declined
      definePlugin
      elicit
      elicitUrl
      inputRequired
      listRoots
      pause
      retryAfterMs
      sample
      z"
    `);
    expect(typesOf("src/plugins/index.ts")).toMatchInlineSnapshot(`
      "CallContext
      CallInput
      ClientInfo
      Completers
      Completion
      CompletionRequest
      ContentBlock
      DefinedContext
      FetchInit
      HandlerContext
      Icon
      InputRequest
      InputRequired
      JsonSchema
      JwtAlgorithm
      JwtRequest
      LogLevel
      Logger
      MCPPlugin
      OAuthToken
      PluginAuthConfig
      PluginAuthField
      PluginContext
      PluginDefinition
      Principal
      Prompt
      PromptAnswer
      PromptArgument
      Resource
      ResourceAnswer
      ResourceContent
      ResourceDefinition
      ResourceTemplate
      SignTokenOptions
      TemplateDefinition
      TestHost
      TestHostOptions
      Tool
      ToolAnnotations
      ToolResult"
    `);
  });

  it("exports these names as mcp-plugin-server/adapters/node", () => {
    expect(valuesOf(nodeAdapter)).toMatchInlineSnapshot(`
      "configureLogging
      createExpress
      createLogger
      readSettings
      startServer"
    `);
    expect(typesOf("adapters/node/index.ts")).toMatchInlineSnapshot(`
      "Environment
      RunningServer
      SettingFlags
      Settings"
    `);
  });

  it("exports these names as mcp-plugin-server/adapters/workers", () => {
    expect(valuesOf(workersAdapter)).toMatchInlineSnapshot(`"createWorker"`);
    expect(typesOf("adapters/workers/index.ts")).toMatchInlineSnapshot(`
      "BundledPlugins
      WorkerContext
      WorkerEnv
      WorkerHandler"
    `);
  });

  it("has the same version in the Worker's bundle", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(VERSION).toBe(version);
  });
});

function valuesOf(module: object): string {
  return Object.keys(module).toSorted().join("\n");
}

/** Types leave nothing behind at run time, so their names are read from the source, which lists them one by one. */
function typesOf(path: string): string {
  const source = read(path);
  expect(source).not.toMatch(/export (type )?\* from/);
  return [...source.matchAll(/export (type )?\{([^}]*)\}/g)]
    .flatMap(([, type = "", names]) => names!.split(",").map((name) => type + name.trim()))
    .flatMap((name) => /^type (.+)$/.exec(name)?.[1] ?? [])
    .toSorted()
    .join("\n");
}

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, ROOT)), "utf8");
}
