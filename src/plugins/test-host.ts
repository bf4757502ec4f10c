import { hostPlugin } from "../host/hosted-plugin.ts";
import { toPlugin } from "../host/plugin-object.ts";
import { createPortableSchemaEngine } from "../host/portable-schema-engine.ts";
import type { CallOutcome, HostCall, HostedPlugin, PluginCatalog } from "../types/host.ts";
import type { Logger, LogFields } from "../types/logger.ts";
import type { CallInput, ClientInfo, CompletionRequest, LogLevel } from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import { ToolError } from "./tool-error.ts";

export interface TestHostOptions {
  /** The instance id; `test` when left out. */
  readonly pluginId?: string;
  readonly config?: Record<string, unknown>;
  /** What `getCredential` finds. */
  readonly credentials?: Record<string, string>;
  /** What `getAccessToken` answers; left out, no account is connected. */
  readonly accessToken?: string;
  readonly principal?: Principal;
  readonly client?: Partial<ClientInfo>;
}

export interface TestCallOptions {
  readonly signal?: AbortSignal;
  /** What the client answers to an earlier `inputRequired`. */
  readonly input?: CallInput;
}

/** A running plugin and what it did. */
export interface TestHost {
  readonly plugin: HostedPlugin["info"];
  catalog(): Promise<PluginCatalog>;
  /** The tool's value, or an `InputRequired`. @throws ToolError for refused arguments, too */
  callTool(
    name: string,
    args?: Record<string, unknown>,
    options?: TestCallOptions,
  ): Promise<unknown>;
  readResource(uri: string, options?: TestCallOptions): Promise<unknown>;
  getPrompt(
    name: string,
    args?: Record<string, string>,
    options?: TestCallOptions,
  ): Promise<unknown>;
  complete(request: CompletionRequest): Promise<unknown>;
  /** What the plugin has reported so far. */
  readonly progress: readonly { progress: number; total?: number; message?: string }[];
  readonly clientLog: readonly { level: LogLevel; data: unknown }[];
  readonly serverLog: readonly { level: string; message: string; fields: LogFields }[];
  readonly changes: readonly string[];
  /** Stops the plugin and cleans it up. */
  close(): Promise<void>;
}

/**
 * Runs a plugin in memory as the server would: its object, class, factory or module; settings and arguments checked
 * against its schemas; `initialize` and `start` behind it.
 */
export async function createTestHost(
  plugin: unknown,
  options: TestHostOptions = {},
): Promise<TestHost> {
  const engine = createPortableSchemaEngine();
  const record = createRecord();
  const hosted = hostPlugin(
    await toPlugin(isModule(plugin) ? plugin : { default: plugin }),
    options.pluginId ?? "test",
    createServices(options, record),
  );
  const config = structuredClone(options.config ?? {});
  const { configSchema } = hosted.info;
  const fault = configSchema && engine.compile(configSchema, { fillDefaults: true })(config);
  if (fault) throw new TypeError(`Invalid settings: ${fault}`);
  await hosted.initialize(config);
  await hosted.start();

  const call = async (target: CallTarget, { signal, input }: TestCallOptions = {}) => {
    const outcome = await hosted.call(
      { ...frameOf(options), ...target, input: input ?? null } as HostCall,
      {
        signal: signal ?? new AbortController().signal,
        progress: (progress, total, message) =>
          void record.progress.push({
            progress,
            ...(total !== undefined && { total }),
            ...(message !== undefined && { message }),
          }),
        log: (level, data) => void record.clientLog.push({ level, data }),
        closeStream: () => void record.changes.push("close-stream"),
      },
    );
    return valueOf(outcome);
  };

  return {
    ...record,
    plugin: hosted.info,
    catalog: () => hosted.catalog(),
    async callTool(name, args = {}, callOptions) {
      const tool = (await hosted.catalog()).tools.find((entry) => entry.name === name);
      if (tool === undefined) throw new ToolError(`Unknown tool: ${name}`);
      const invalid = engine.compile({ type: "object", ...tool.inputSchema })(args);
      if (invalid !== null) throw new ToolError(`Invalid arguments: ${invalid}`);
      return call({ kind: "tool", name, args }, callOptions);
    },
    readResource: (uri, callOptions) => call({ kind: "resource", uri }, callOptions),
    getPrompt: (name, args = {}, callOptions) => call({ kind: "prompt", name, args }, callOptions),
    complete: (request) => call({ kind: "complete", request }),
    async close() {
      await hosted.stop();
      await hosted.cleanup();
    },
  };
}

type CallTarget =
  | { kind: "tool"; name: string; args: Record<string, unknown> }
  | { kind: "resource"; uri: string }
  | { kind: "prompt"; name: string; args: Record<string, string> }
  | { kind: "complete"; request: CompletionRequest };

function createRecord() {
  return {
    progress: [] as { progress: number; total?: number; message?: string }[],
    clientLog: [] as { level: LogLevel; data: unknown }[],
    serverLog: [] as { level: string; message: string; fields: LogFields }[],
    changes: [] as string[],
  };
}

function createServices(options: TestHostOptions, record: ReturnType<typeof createRecord>) {
  const credentials = new Map(Object.entries(options.credentials ?? {}));
  const notConnected = () => new Error("No account is connected.");
  return {
    logger: createRecordingLogger(record.serverLog, {}),
    getCredential: async (key: string) => credentials.get(key) ?? null,
    setCredential: async (key: string, value: string) => void credentials.set(key, value),
    isAuthenticated: async () => options.accessToken !== undefined,
    async getAccessToken() {
      if (options.accessToken === undefined) throw notConnected();
      return options.accessToken;
    },
    getTokenInfo: async () =>
      options.accessToken === undefined
        ? null
        : {
            accessToken: options.accessToken,
            expiresAt: Number.MAX_SAFE_INTEGER,
            scope: "",
            tokenType: "Bearer",
          },
    async requireReauth(): Promise<string> {
      throw notConnected();
    },
    changed: (list: string) => void record.changes.push(list),
    resourceUpdated: (uri: string) => void record.changes.push(uri),
  };
}

function createRecordingLogger(
  log: { level: string; message: string; fields: LogFields }[],
  bound: LogFields,
): Logger {
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void log.push({ level, message, fields: { ...bound, ...fields } });
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createRecordingLogger(log, { ...bound, ...fields }),
  };
}

function frameOf({ principal, client }: TestHostOptions) {
  return {
    requestId: "test-request",
    principal: principal ?? { kind: "client" as const, id: "test-client", scopes: ["mcp"] },
    client: {
      protocolVersion: "2026-07-28",
      name: "test",
      version: "0",
      capabilities: {},
      ...client,
    },
  };
}

function valueOf(outcome: CallOutcome): unknown {
  if (outcome.kind === "result") return outcome.value;
  if (outcome.kind === "tool-error") throw new ToolError(outcome.message, { data: outcome.data });
  const { inputRequests, state } = outcome;
  return { resultType: "input_required", inputRequests, state };
}

function isModule(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Module]";
}
