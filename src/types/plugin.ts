import type { JwtRequest, PluginAuthConfig } from "./auth.ts";
import type { JsonSchema } from "./json.ts";
import type { Logger } from "./logger.ts";
import type { OAuthToken } from "./oauth.ts";
import type { OutboundRequest } from "./outbound.ts";
import type { Principal } from "./principal.ts";

/**
 * A plugin. The first block is the whole contract; everything after it is optional.
 *
 * The server calls `initialize` → `start` → (`getTools`, `getResources`, `executeTool` …) → `stop` →
 * `cleanup`, each with a time limit, and reads the lists again after `context.changed(…)`.
 */
export interface MCPPlugin {
  name: string;
  version: string;
  description: string;
  /** Names of plugins that must run first, each with an optional range: `"github"`, `"github@^1.2"`. */
  dependencies?: string[];

  initialize(context: PluginContext): Promise<void>;
  getTools(): Tool[];
  getResources(): Resource[];
  /**
   * Runs a tool whose arguments already satisfy its `inputSchema`.
   *
   * Answers an MCP result (`{ content: […] }`) or any plain value: an object becomes structured content with
   * its text, a string becomes text. Throw a `ToolError` to tell the model what went wrong; the message of
   * any other error stays in the server's log.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- part of the published plugin interface
  executeTool(name: string, args: any, call?: CallContext): Promise<any>;
  cleanup(): Promise<void>;

  /** Begins background work, after every dependency has started. */
  start?(): Promise<void>;
  /** Ends background work, before any dependency stops. */
  stop?(): Promise<void>;

  auth?: PluginAuthConfig;
  /** Schema of `context.config`. Settings that do not satisfy it never reach the plugin; defaults are filled in. */
  configSchema?: JsonSchema;

  getResourceTemplates?(): ResourceTemplate[];
  /** Reads a resource that has no inline `text` or `blob`. `null` means there is no such resource. */
  readResource?(uri: string, call?: CallContext): Promise<unknown>;
  getPrompts?(): Prompt[];
  getPrompt?(name: string, args: Record<string, string>, call?: CallContext): Promise<unknown>;
  /** Suggests values for an argument of a prompt or a variable of a resource template. */
  complete?(request: CompletionRequest, call?: CallContext): Promise<string[] | Completion>;
}

/** What a plugin may reach: itself. Nothing here takes the name of another plugin. */
export interface PluginContext {
  /** The instance id, such as `github-work`. */
  pluginId: string;
  /** The instance's settings, validated. */
  // oxlint-disable-next-line typescript/no-explicit-any -- part of the published plugin interface
  config: any;
  logger: Logger;

  /**
   * A credential of this instance (with `auth.owner: "user"`, of the caller's); `null` when nobody has stored it. Names are
   * a letter and up to 63 letters, digits, `_`, `.` and `-`.
   *
   * @throws AppError `CREDENTIAL_INVALID` for a name that can be none; `VAULT_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  getCredential(key: string): Promise<string | null>;
  /** @param value 64 KiB of UTF-8 at most, and not empty */
  setCredential(key: string, value: string): Promise<void>;
  /**
   * Signs a short-lived token with a stored key, which does not leave the server.
   *
   * @throws AppError `CREDENTIAL_INVALID` that says what of the request or the key is wrong; `CREDENTIAL_NOT_FOUND`
   */
  signJwt(request: JwtRequest): Promise<string>;

  /** @throws AppError `NOT_CONNECTED` when nobody has connected an account. */
  getAccessToken(): Promise<string>;
  isAuthenticated(): Promise<boolean>;
  getTokenInfo(): Promise<OAuthToken | null>;
  /**
   * Says that the service does not take a token that looks good, and answers the address at which a person connects the account
   * again. The next `getAccessToken` gets another one where the account can be renewed, and throws where it cannot.
   *
   * @param refused that token; the one that was given last when left out. Where another one has come in its place
   *   meanwhile, nothing is done
   */
  requireReauth(refused?: string): Promise<string>;

  /**
   * Asks another server over https, and answers with its whole body. It reaches the internet, and what the operator has
   * opened besides.
   *
   * @throws AppError `OUTBOUND_REFUSED` for what may not be asked, `OUTBOUND_FAILED` when no answer came,
   *   `OUTBOUND_TOO_LARGE`; the signal's reason when it aborts
   */
  fetch(url: string | URL, init?: FetchInit): Promise<Response>;

  /** Says that a list has changed: the server reads it again and tells the clients. */
  changed(list: "tools" | "resources" | "prompts"): void;
  /** Says that a resource's contents have changed. */
  resourceUpdated(uri: string): void;
}

/** How `context.fetch` asks; limits and defaults stand there. */
export type FetchInit = Omit<OutboundRequest, "url">;

/** One call, as the plugin sees it. */
export interface CallContext {
  /** Stands in the server's log beside everything about this call. */
  readonly requestId: string;
  /** Aborts when the client cancels or disconnects, or the call's time is up. */
  readonly signal: AbortSignal;
  readonly principal: Principal;
  readonly client: ClientInfo;
  /** What the client answered to an earlier `inputRequired`, when this is the repeated call. */
  readonly input: CallInput | null;
  /** Reports progress, which must grow with each report. It also renews the call's time limit. */
  progress(progress: number, total?: number, message?: string): void;
  /** Sends a log message to the client, if it asked for that level. */
  log(level: LogLevel, data: unknown): void;
  /** Ends the current event stream early; a 2025-11-25 client reconnects and gets the rest. */
  closeStream(): void;
}

export interface ClientInfo {
  readonly protocolVersion: string;
  readonly name: string | null;
  readonly version: string | null;
  /** MCP client capabilities: `elicitation`, `sampling`, `roots`, … */
  readonly capabilities: Readonly<Record<string, unknown>>;
}

export interface CallInput {
  /** Answers by the keys of the requests. They come from the client: check them. */
  readonly responses: Readonly<Record<string, unknown>>;
  /** The `state` given to `inputRequired`; sealed on its way, so it is what the plugin gave. */
  readonly state: unknown;
}

/**
 * A tool's answer that asks the person or the client for something first. The client repeats the call with the
 * answers in `call.input`. Made by `inputRequired(…)`.
 */
export interface InputRequired {
  readonly resultType: "input_required";
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  /** Any JSON value; the client carries it sealed and cannot read or change it. */
  readonly state?: unknown;
}

export interface InputRequest {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  readonly params?: Record<string, unknown>;
}

export type LogLevel =
  | "debug"
  | "info"
  | "notice"
  | "warning"
  | "error"
  | "critical"
  | "alert"
  | "emergency";

export interface Icon {
  src: string;
  mimeType?: string;
  sizes?: string[];
  theme?: "light" | "dark";
}

export interface ToolAnnotations {
  title?: string;
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

export interface Tool {
  /** `[A-Za-z0-9_.-]`, unique in the plugin; clients see `<prefix>_<name>`, 64 characters at most. */
  name: string;
  description?: string;
  title?: string;
  /** JSON Schema of the arguments, an object. Left out, the tool takes any object. */
  inputSchema?: JsonSchema;
  /** JSON Schema of the structured content. A result that breaks it is refused. */
  outputSchema?: JsonSchema;
  annotations?: ToolAnnotations;
  icons?: Icon[];
  /** Milliseconds without progress before a call is ended; 60,000 when left out, 600,000 at most. */
  timeoutMs?: number;
  _meta?: Record<string, unknown>;
}

export interface ContentAnnotations {
  audience?: ("user" | "assistant")[];
  priority?: number;
  lastModified?: string;
}

export interface Resource {
  /** Unique on the server; put the instance id (`context.pluginId`) into it. */
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  size?: number;
  annotations?: ContentAnnotations;
  icons?: Icon[];
  /** Contents given right here need no `readResource`. */
  text?: string;
  /** Base64. */
  blob?: string;
  _meta?: Record<string, unknown>;
}

export interface ResourceTemplate {
  /** RFC 6570, such as `notes://{id}/text`. */
  uriTemplate: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  annotations?: ContentAnnotations;
  icons?: Icon[];
  _meta?: Record<string, unknown>;
}

export interface PromptArgument {
  name: string;
  title?: string;
  description?: string;
  required?: boolean;
}

export interface Prompt {
  name: string;
  title?: string;
  description?: string;
  arguments?: PromptArgument[];
  icons?: Icon[];
  _meta?: Record<string, unknown>;
}

export interface CompletionRequest {
  /** The prompt's own name (without prefix) or the template's `uriTemplate`. */
  ref: { type: "prompt"; name: string } | { type: "resource"; uriTemplate: string };
  argument: { name: string; value: string };
  /** Arguments already chosen. */
  context: Record<string, string>;
}

export interface Completion {
  values: string[];
  total?: number;
  hasMore?: boolean;
}
