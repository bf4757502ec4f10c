/** What plugin authors import, as `mcp-plugin-server/plugin`. */
export { definePlugin } from "./define-plugin.ts";
export type {
  Completers,
  ContentBlock,
  DefinedContext,
  HandlerContext,
  PluginDefinition,
  PromptAnswer,
  ResourceAnswer,
  ResourceContent,
  ResourceDefinition,
  TemplateDefinition,
  ToolResult,
} from "./plugin-definition.ts";
export { ApiKeyPlugin } from "./base/api-key-plugin.ts";
export { BasePlugin } from "./base/base-plugin.ts";
export { JwtPlugin } from "./base/jwt-plugin.ts";
export type { SignTokenOptions } from "./base/jwt-plugin.ts";
export { OAuthPlugin } from "./base/oauth-plugin.ts";
export { createTestHost } from "./test-host.ts";
export type { TestHost, TestHostOptions } from "./test-host.ts";
export {
  accepted,
  declined,
  elicit,
  elicitUrl,
  inputRequired,
  listRoots,
  sample,
} from "./input-required.ts";
export { pause } from "./pause.ts";
export { ToolError } from "./tool-error.ts";
export { retryAfterMs } from "../util/retry-after.ts";
export type { JwtAlgorithm, JwtRequest, PluginAuthConfig, PluginAuthField } from "../types/auth.ts";
export type { JsonSchema } from "../types/json.ts";
export type { Logger } from "../types/logger.ts";
export type { OAuthToken } from "../types/oauth.ts";
export type {
  CallContext,
  CallInput,
  ClientInfo,
  Completion,
  CompletionRequest,
  FetchInit,
  Icon,
  InputRequest,
  InputRequired,
  LogLevel,
  MCPPlugin,
  PluginContext,
  Prompt,
  PromptArgument,
  Resource,
  ResourceTemplate,
  Tool,
  ToolAnnotations,
} from "../types/plugin.ts";
export type { Principal } from "../types/principal.ts";
export * as z from "zod";
