import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { AppError, messageOf, stackOf } from "../errors.ts";
import type { CallOutcome, HostCall } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { CallInput, ClientInfo, CompletionRequest } from "../types/plugin.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { CALL_TIMEOUT_MS } from "./call-limits.ts";
import {
  InputExchange,
  type AskedCall,
  type InputFrame,
  type InputQuestion,
} from "./input-exchange.ts";
import { fromPluginCompletion, fromPluginPrompt, fromPluginResource } from "./plugin-answers.ts";
import type {
  CatalogPrompt,
  CatalogResource,
  CatalogTemplate,
  CatalogTool,
} from "./plugin-catalog.ts";
import type { PluginRun } from "./plugin-run.ts";
import type { StateSealer } from "./request-state.ts";
import type { CallReports } from "./running-call.ts";
import type { SchemaCache } from "./schema-cache.ts";
import {
  errorResult,
  MAX_RESULT_CHARS,
  toToolResult,
  type SerializedResult,
  type ToolResult,
} from "./tool-result.ts";

export interface PluginCallsDeps {
  readonly schemas: SchemaCache;
  readonly sealer: StateSealer;
  readonly logger: Logger;
  readonly quarantineTool: (instanceId: string, ownName: string, reason: string) => void;
}

/** What every call brings along, whatever it calls. */
export interface CallFrame extends InputFrame {
  readonly client: ClientInfo;
  readonly reports: CallReports;
}

export type ToolAnswer =
  | ({ readonly kind: "result" } & SerializedResult)
  | { readonly kind: "input-required"; readonly question: InputQuestion };

/**
 * The way from a request to a plugin and back, the same for every transport and revision: arguments are checked,
 * the plugin runs, its answer is checked. What a plugin throws goes to the log; the client gets a general sentence
 * with the request id, unless it was a `ToolError`.
 */
export class PluginCalls {
  readonly #deps: PluginCallsDeps;
  readonly #input: InputExchange;

  constructor(deps: PluginCallsDeps) {
    this.#deps = deps;
    this.#input = new InputExchange(deps.sealer, deps.logger);
  }

  async callTool(tool: CatalogTool, args: unknown, frame: CallFrame): Promise<ToolAnswer> {
    const checked = this.#breaks(tool, "input", args ?? {});
    if (!checked.ok) return refused(checked.reason);
    if (checked.value !== null) {
      const fault = `Invalid arguments for tool "${tool.name}": ${checked.value}`;
      // It names places and rules, never the values.
      this.#deps.logger.info(fault, { requestId: frame.requestId, plugin: tool.run.instanceId });
      return refused(fault);
    }

    const target = {
      method: "tools/call",
      target: tool.name,
      argsJson: JSON.stringify(args ?? {}),
    };
    const input = await this.#input.open(target, frame);
    const call = {
      kind: "tool",
      name: tool.ownName,
      args: (args ?? {}) as Record<string, unknown>,
    } as const;
    let outcome: CallOutcome;
    try {
      outcome = await this.#call(tool.run, call, input, tool.timeoutMs, frame);
    } catch (error) {
      return refused(this.#explain(error, `Tool "${tool.name}"`, tool.run, frame));
    }
    if (outcome.kind === "tool-error") {
      const hasOutputSchema = tool.definition.outputSchema !== undefined;
      return { kind: "result", ...errorResult(outcome.message, outcome.data, hasOutputSchema) };
    }
    if (outcome.kind === "input-required") return this.#ask(outcome, frame, target, tool);
    return this.#checkResult(tool, outcome.value, frame);
  }

  async readResource(
    resource: CatalogResource | CatalogTemplate,
    uri: string,
    frame: CallFrame,
  ): Promise<{ contents: Record<string, unknown>[] } | InputQuestion> {
    const { definition } = resource;
    if ("inline" in resource && resource.inline !== null) {
      return { contents: [{ uri, ...mimeTypeOf(definition), ...resource.inline }] };
    }
    const target = { method: "resources/read", target: uri, argsJson: "{}" };
    const outcome = await this.#plainCall(resource.run, { kind: "resource", uri }, target, frame);
    if ("resultType" in outcome) return outcome;
    if (outcome.value === null || outcome.value === undefined) {
      throw new ResourceNotFoundError(uri);
    }
    return this.#shaped(
      fromPluginResource(outcome.value, uri, definition.mimeType),
      resource.run,
      frame,
    );
  }

  async getPrompt(
    prompt: CatalogPrompt,
    args: Readonly<Record<string, string>>,
    frame: CallFrame,
  ): Promise<Record<string, unknown> | InputQuestion> {
    const missing = (prompt.definition.arguments ?? [])
      .filter((argument) => argument.required && !Object.hasOwn(args, argument.name))
      .map((argument) => argument.name);
    if (missing.length > 0) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Prompt "${prompt.name}" needs the arguments: ${missing.join(", ")}`,
      );
    }
    const target = {
      method: "prompts/get",
      target: prompt.name,
      argsJson: JSON.stringify(args ?? {}),
    };
    const call = { kind: "prompt", name: prompt.ownName, args } as const;
    const outcome = await this.#plainCall(prompt.run, call, target, frame);
    if ("resultType" in outcome) return outcome;
    return this.#shaped(fromPluginPrompt(outcome.value), prompt.run, frame);
  }

  async complete(run: PluginRun, request: CompletionRequest, frame: CallFrame) {
    const target = { method: "completion/complete", target: "", argsJson: "{}" };
    const outcome = await this.#plainCall(run, { kind: "complete", request }, target, frame);
    return this.#shaped(
      fromPluginCompletion("resultType" in outcome ? [] : outcome.value),
      run,
      frame,
    );
  }

  /**
   * Why a value breaks a schema of its tool, or `null`. A schema that does not work takes its tool out of the catalog:
   * the reason is then the sentence for the client.
   */
  #breaks(
    tool: CatalogTool,
    which: "input" | "output",
    value: unknown,
  ): Result<string | null, string> {
    const { definition, run, ownName, name } = tool;
    const [digest, schema] =
      which === "input"
        ? [tool.inputDigest, definition.inputSchema]
        : [tool.outputDigest!, definition.outputSchema!];
    try {
      return ok(this.#deps.schemas.validator(digest, schema)(value));
    } catch (error) {
      const reason = `its ${which}Schema ${messageOf(error)}`;
      this.#deps.quarantineTool(run.instanceId, ownName, reason);
      return refuse(`Tool "${name}" is not available: its ${which} schema is faulty.`);
    }
  }

  #checkResult(tool: CatalogTool, value: unknown, frame: CallFrame): ToolAnswer {
    const hasOutputSchema = tool.definition.outputSchema !== undefined;
    const made = toToolResult(value, hasOutputSchema);
    if (!made.ok) return this.#invalidResult(tool, made.reason, frame);
    const { result, json } = made.value;
    if (hasOutputSchema && result.isError !== true) {
      // As the client will see it: what JSON leaves out is not there.
      const { structuredContent } = JSON.parse(json) as ToolResult;
      if (structuredContent === undefined) {
        const reason = "has no structured content, which its outputSchema needs";
        return this.#invalidResult(tool, reason, frame);
      }
      const checked = this.#breaks(tool, "output", structuredContent);
      if (!checked.ok) return refused(checked.reason);
      if (checked.value !== null) {
        return this.#invalidResult(tool, `breaks its outputSchema: ${checked.value}`, frame);
      }
    }
    return { kind: "result", result, json };
  }

  #invalidResult(tool: CatalogTool, reason: string, frame: CallFrame): ToolAnswer {
    this.#log(frame, tool.run, `Tool "${tool.name}" returned a result that ${reason}`);
    return refused(
      `Tool "${tool.name}" returned an invalid result. Request id: ${frame.requestId}`,
    );
  }

  async #ask(
    outcome: CallOutcome & { kind: "input-required" },
    frame: CallFrame,
    target: AskedCall,
    tool: CatalogTool,
  ): Promise<ToolAnswer> {
    try {
      return { kind: "input-required", question: await this.#input.ask(outcome, target, frame) };
    } catch (error) {
      return refused(this.#explain(error, `Tool "${tool.name}"`, tool.run, frame));
    }
  }

  /** Calls for anything but a tool, where an error is a protocol error and not a result. */
  async #plainCall(
    run: PluginRun,
    call: PluginCallTarget,
    target: AskedCall,
    frame: CallFrame,
  ): Promise<{ readonly value: unknown } | InputQuestion> {
    const input = await this.#input.open(target, frame);
    try {
      const outcome = await this.#call(run, call, input, CALL_TIMEOUT_MS, frame);
      if (outcome.kind === "result") return { value: outcome.value };
      if (outcome.kind === "input-required") return await this.#input.ask(outcome, target, frame);
      const words = outcome.message.slice(0, MAX_RESULT_CHARS);
      throw new ProtocolError(ProtocolErrorCode.InternalError, words);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      const sentence = this.#explain(error, `Plugin "${run.instanceId}"`, run, frame);
      throw new ProtocolError(ProtocolErrorCode.InternalError, sentence);
    }
  }

  #call(
    run: PluginRun,
    target: PluginCallTarget,
    input: CallInput | null,
    timeoutMs: number,
    { requestId, principal, client, reports }: CallFrame,
  ): Promise<CallOutcome> {
    return run.call({ ...target, requestId, principal, client, input }, timeoutMs, reports);
  }

  #shaped<T>(shaped: T | null, run: PluginRun, frame: CallFrame): T {
    if (shaped !== null) return shaped;
    this.#log(frame, run, "The plugin's answer does not have the shape of an MCP result");
    throw new ProtocolError(
      ProtocolErrorCode.InternalError,
      `Plugin "${run.instanceId}" gave an invalid answer. Request id: ${frame.requestId}`,
    );
  }

  /** The sentence for the client; the cause goes to the log, once. */
  #explain(error: unknown, what: string, run: PluginRun, frame: CallFrame): string {
    if (error instanceof AppError && error.code === "CALL_ABORTED") throw error;
    this.#log(frame, run, `${what} failed`, { error: stackOf(error) });
    if (error instanceof AppError && error.code === "PLUGIN_TIMEOUT") {
      return `${what} took too long and was ended. Request id: ${frame.requestId}`;
    }
    if (error instanceof AppError && error.code === "PLUGIN_UNAVAILABLE") {
      return `${what} is not available: its plugin was stopped or is being restarted. Request id: ${frame.requestId}`;
    }
    return `${what} failed. Request id: ${frame.requestId}`;
  }

  #log(frame: CallFrame, run: PluginRun, message: string, fields?: { error: string }): void {
    const { requestId } = frame;
    this.#deps.logger.error(message, { requestId, plugin: run.instanceId, ...fields });
  }
}

type PluginCallTarget = HostCall extends infer Call
  ? Call extends HostCall
    ? Omit<Call, "requestId" | "principal" | "client" | "input">
    : never
  : never;

function refused(message: string): ToolAnswer {
  return { kind: "result", ...errorResult(message) };
}

function mimeTypeOf({ mimeType }: { readonly mimeType?: string }) {
  return mimeType === undefined ? {} : { mimeType };
}
