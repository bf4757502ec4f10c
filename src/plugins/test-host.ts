import { messageOf } from "../errors.ts";
import { hostPlugin } from "../host/hosted-plugin.ts";
import { toPlugin } from "../host/plugin-object.ts";
import { createPortableSchemaEngine } from "../host/portable-schema-engine.ts";
import type { CallOutcome, HostedPlugin, PluginCatalog } from "../types/host.ts";
import type {
  CallInput,
  ClientInfo,
  CompletionRequest,
  PluginContext,
  Tool,
} from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import { createRecord, createTestServices, type TestRecord } from "./test-services.ts";
import { createTestFetch } from "./test-fetch.ts";
import { heldFor } from "./test-needs.ts";
import { ToolError } from "./tool-error.ts";
import { faultWords } from "../util/schema-fault.ts";

export interface TestHostOptions {
  /** The instance id; `test` when left out. */
  readonly pluginId?: string;
  readonly config?: Record<string, unknown>;
  /** What `getCredential` finds: all that are stored, whoever they belong to. */
  readonly credentials?: Record<string, string>;
  /** What `getAccessToken` answers; left out, no account is connected. */
  readonly accessToken?: string;
  /** What `context.fetch` does. Left out, it reaches this machine alone, by http as well, for a service of the test's own. */
  readonly fetch?: PluginContext["fetch"];
  readonly principal?: Principal;
  readonly client?: Partial<ClientInfo>;
}

export interface TestCallOptions {
  readonly signal?: AbortSignal;
  /** What the client answers to an earlier `inputRequired`. */
  readonly input?: CallInput;
}

/** A running plugin and what it did. */
export interface TestHost extends Readonly<TestRecord> {
  readonly plugin: HostedPlugin["info"];
  readonly catalog: () => Promise<PluginCatalog>;
  /**
   * What the tool answered, or an `InputRequired`.
   *
   * @throws ToolError of the tool, or for arguments that its schema refuses
   * @throws Error for a result that the server would not send: it is not JSON, or breaks the output schema
   */
  readonly callTool: (
    name: string,
    args?: Record<string, unknown>,
    options?: TestCallOptions,
  ) => Promise<unknown>;
  /** `null` when there is no such resource. */
  readonly readResource: (uri: string, options?: TestCallOptions) => Promise<unknown>;
  /** @throws ToolError of the prompt, or for required arguments that are missing */
  readonly getPrompt: (
    name: string,
    args?: Record<string, string>,
    options?: TestCallOptions,
  ) => Promise<unknown>;
  readonly complete: (request: CompletionRequest) => Promise<unknown>;
  /** Stops the plugin and cleans it up. */
  readonly close: () => Promise<void>;
}

/**
 * Runs a plugin in memory as the server would: its object, class, factory or module; settings, arguments and results
 * checked against its schemas; `initialize` and `start` behind it. Without a credential that its `auth` requires, it is held as
 * there, and every call answers what is missing.
 *
 * @throws TypeError for settings that its schema refuses, or whatever `initialize` and `start` throw
 */
export async function createTestHost(
  plugin: unknown,
  options: TestHostOptions = {},
): Promise<TestHost> {
  const { pluginId = "test", credentials = {}, accessToken, fetch = createTestFetch() } = options;
  const engine = createPortableSchemaEngine();
  const record = createRecord();
  const hosted = hostPlugin(
    await toPlugin(isModule(plugin) ? plugin : { default: plugin }),
    pluginId,
    createTestServices({ pluginId, credentials, accessToken, fetch }, record),
  );
  const config = structuredClone(options.config ?? {});
  const { configSchema } = hosted.info;
  const fault = configSchema && engine.compile(configSchema, { fillDefaults: true })(config);
  if (fault) throw new TypeError(`Invalid settings: ${faultWords(fault)}`);
  const { principal } = frameOf(options);
  const held = heldFor(principal, pluginId, hosted.info.auth, credentials);
  if (held === null || held.isInitialized) await hosted.initialize(config);
  if (held === null) await hosted.start();

  const call = async (target: CallTarget, { signal, input }: TestCallOptions = {}) => {
    if (held !== null) return valueOf(held.answer);
    const outcome = await hosted.call(
      { ...frameOf(options), ...target, input: input ?? null },
      {
        signal: signal ?? new AbortController().signal,
        progress: (progress, total, message) =>
          void record.progress.push({
            progress,
            ...(total !== undefined && { total }),
            ...(message !== undefined && { message }),
          }),
        log: (level, data) => void record.clientLog.push({ level, data }),
        closeStream: () => {},
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
      if (invalid !== null) throw new ToolError(`Invalid arguments: ${faultWords(invalid)}`);
      const value = await call({ kind: "tool", name, args }, callOptions);
      const broken = resultFault(tool, value, engine);
      if (broken !== null) throw new Error(`Tool "${name}" returned a result that ${broken}.`);
      return value;
    },
    async readResource(uri, callOptions) {
      const resource = (await hosted.catalog()).resources.find((entry) => entry.uri === uri);
      if (resource?.text !== undefined) return { text: resource.text };
      if (resource?.blob !== undefined) return { blob: resource.blob };
      return call({ kind: "resource", uri }, callOptions);
    },
    async getPrompt(name, args = {}, callOptions) {
      const prompt = (await hosted.catalog()).prompts.find((entry) => entry.name === name);
      if (prompt === undefined) throw new ToolError(`Unknown prompt: ${name}`);
      const missing = (prompt.arguments ?? []).filter(
        (argument) => argument.required && !Object.hasOwn(args, argument.name),
      );
      if (missing.length > 0) {
        const names = missing.map((argument) => argument.name).join(", ");
        throw new ToolError(`Prompt "${name}" needs the arguments: ${names}`);
      }
      return call({ kind: "prompt", name, args }, callOptions);
    },
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

/** A question's state comes back as JSON leaves it, because the client carries it. */
function valueOf(outcome: CallOutcome): unknown {
  if (outcome.kind === "result") return outcome.value;
  if (outcome.kind === "tool-error") throw new ToolError(outcome.message, { data: outcome.data });
  const { inputRequests, state } = outcome;
  return {
    resultType: "input_required",
    ...(inputRequests && { inputRequests }),
    ...(state !== undefined && { state: JSON.parse(JSON.stringify(state)) as unknown }),
  };
}

/** Why the server would not send a tool's result, or `null`. */
function resultFault(
  { outputSchema }: Tool,
  value: unknown,
  engine: ReturnType<typeof createPortableSchemaEngine>,
): string | null {
  const { resultType, structuredContent, isError, content } = (value ?? {}) as {
    [member: string]: unknown;
  };
  if (resultType === "input_required") return null;
  let copy: unknown;
  try {
    // As the client will see it: what JSON leaves out is not there.
    copy = JSON.parse(JSON.stringify(Array.isArray(content) ? structuredContent : value) ?? "null");
    void JSON.stringify(content);
  } catch (error) {
    return `is not JSON: ${messageOf(error)}`;
  }
  if (outputSchema === undefined || isError === true) return null;
  const fault = engine.compile(outputSchema)(copy);
  return fault === null ? null : `breaks its output schema: ${faultWords(fault)}`;
}

function isModule(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Module]";
}
