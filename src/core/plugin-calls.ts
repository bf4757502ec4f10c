import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { AppError, stackOf } from "../errors.ts";
import type { CallOutcome, HostCall } from "../types/host.ts";
import type { CallInput, ClientInfo, CompletionRequest } from "../types/plugin.ts";
import type { Result } from "../util/result.ts";
import { AnswerScrub } from "./answer-scrub.ts";
import type { CallBudget } from "./limits/call-budget.ts";
import { describeFault } from "./call-faults.ts";
import type { ConnectQuestion } from "./connect-question.ts";
import { CALL_TIMEOUT_MS } from "./call-limits.ts";
import {
  InputExchange,
  type AskedCall,
  type InputFrame,
  type InputQuestion,
} from "./input-exchange.ts";
import { fromPluginCompletion, fromPluginPrompt, fromPluginResource } from "./plugin-results.ts";
import type {
  CatalogPrompt,
  CatalogResource,
  CatalogTemplate,
  CatalogTool,
} from "./plugin-catalog.ts";
import type { CallRun } from "./plugin-run.ts";
import type { StateSealer } from "./request-state.ts";
import type { CallReports } from "./running-call.ts";
import { ToolChecks, type ToolChecksDeps } from "./tool-checks.ts";
import { errorResult, MAX_RESULT_CHARS, type SerializedResult } from "./tool-result.ts";

export interface PluginCallsDeps extends ToolChecksDeps {
  readonly sealer: StateSealer;
  /** What becomes of calls for which no account is connected. */
  readonly connect: ConnectQuestion;
  readonly budget: CallBudget;
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
 * with the request id, unless it was a `ToolError`. Whatever it gets is free of the credentials that the plugin was handed.
 */
export class PluginCalls {
  readonly #deps: PluginCallsDeps;
  readonly #input: InputExchange;
  readonly #checks: ToolChecks;

  constructor(deps: PluginCallsDeps) {
    this.#deps = deps;
    this.#input = new InputExchange(deps.sealer, deps.logger);
    this.#checks = new ToolChecks(deps);
  }

  async callTool(tool: CatalogTool, args: unknown, frame: CallFrame): Promise<ToolAnswer> {
    const { requestId } = frame;
    const tooMany = this.#deps.budget.take(frame.principal);
    if (tooMany !== null) return refused(tooMany);
    const checked = this.#checks.input(tool, args ?? {}, requestId);
    if (!checked.ok) return refused(checked.reason);

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
    const scrub = this.#scrubOf(tool.run, tool.name, frame);
    let outcome: CallOutcome;
    try {
      outcome = await this.#call(tool.run, call, input, tool.timeoutMs, frame, scrub);
    } catch (error) {
      return refused(this.#explain(error, `Tool "${tool.name}"`, tool.run, frame));
    }
    if (outcome.kind === "input-required") return this.#ask(outcome, frame, target, tool, scrub);
    if (outcome.kind === "result") {
      return toAnswer(this.#checks.output(tool, outcome.value, requestId, scrub));
    }
    const hasOutputSchema = tool.definition.outputSchema !== undefined;
    const made = errorResult(outcome.message, outcome.data, hasOutputSchema);
    return toAnswer(this.#checks.clean(tool, made, requestId, scrub));
  }

  async readResource(
    resource: CatalogResource | CatalogTemplate,
    uri: string,
    frame: CallFrame,
  ): Promise<{ contents: Record<string, unknown>[] } | InputQuestion> {
    const { run, definition } = resource;
    const scrub = this.#scrubOf(run, uri, frame);
    const contents = (value: unknown) =>
      fromPluginResource(value, uri, definition.mimeType, (text) => scrub.text(text));
    if ("inline" in resource && resource.inline !== null) {
      return this.#shaped(contents(resource.inline), run, frame);
    }
    const target = { method: "resources/read", target: uri, argsJson: "{}" };
    const call = { kind: "resource", uri } as const;
    const outcome = await this.#plainCall(run, call, target, frame, scrub);
    if ("resultType" in outcome) return outcome;
    if (outcome.value === null || outcome.value === undefined) {
      throw new ResourceNotFoundError(uri);
    }
    return this.#shaped(contents(outcome.value), run, frame);
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
    const scrub = this.#scrubOf(prompt.run, prompt.name, frame);
    const outcome = await this.#plainCall(prompt.run, call, target, frame, scrub);
    if ("resultType" in outcome) return outcome;
    const shaped = fromPluginPrompt(outcome.value, (text) => scrub.text(text));
    return this.#shaped(shaped, prompt.run, frame);
  }

  async complete(run: CallRun, request: CompletionRequest, frame: CallFrame) {
    const target = { method: "completion/complete", target: "", argsJson: "{}" };
    const scrub = this.#scrubOf(run, target.method, frame);
    const call = { kind: "complete", request } as const;
    const outcome = await this.#plainCall(run, call, target, frame, scrub);
    const values = "resultType" in outcome ? [] : outcome.value;
    return this.#shaped(
      fromPluginCompletion(values, (text) => scrub.text(text)),
      run,
      frame,
    );
  }

  async #ask(
    outcome: CallOutcome & { kind: "input-required" },
    frame: CallFrame,
    target: AskedCall,
    tool: CatalogTool,
    scrub: AnswerScrub,
  ): Promise<ToolAnswer> {
    try {
      const question = await this.#input.ask(cleanQuestion(outcome, scrub), target, frame);
      return { kind: "input-required", question };
    } catch (error) {
      return refused(this.#explain(error, `Tool "${tool.name}"`, tool.run, frame));
    }
  }

  /** Calls for anything but a tool, where an error is a protocol error and not a result. */
  async #plainCall(
    run: CallRun,
    call: PluginCallTarget,
    target: AskedCall,
    frame: CallFrame,
    scrub: AnswerScrub,
  ): Promise<{ readonly value: unknown } | InputQuestion> {
    const input = await this.#input.open(target, frame);
    try {
      const outcome = await this.#call(run, call, input, CALL_TIMEOUT_MS, frame, scrub);
      if (outcome.kind === "result") return { value: outcome.value };
      if (outcome.kind === "input-required") {
        return await this.#input.ask(cleanQuestion(outcome, scrub), target, frame);
      }
      const words = scrub.text(outcome.message.slice(0, MAX_RESULT_CHARS));
      throw new ProtocolError(ProtocolErrorCode.InternalError, words);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      const sentence = this.#explain(error, `Plugin "${run.instanceId}"`, run, frame);
      throw new ProtocolError(ProtocolErrorCode.InternalError, sentence);
    }
  }

  async #call(
    run: CallRun,
    target: PluginCallTarget,
    input: CallInput | null,
    timeoutMs: number,
    { requestId, principal, client, reports }: CallFrame,
    scrub: AnswerScrub,
  ): Promise<CallOutcome> {
    const asking = { instanceId: run.instanceId, principal, client };
    const { connect } = this.#deps;
    const resumed = await connect.resume(input, asking, reports.signal);
    if ("refusal" in resumed) return resumed.refusal;
    const call = { ...target, requestId, principal, client, input: resumed.input };
    try {
      return await run.call(call, timeoutMs, scrub.reports(reports));
    } catch (error) {
      const question = await connect.ask(error, asking, resumed.input);
      if (question !== null) return question;
      throw error;
    }
  }

  #scrubOf(run: CallRun, name: string, { principal, requestId }: CallFrame): AnswerScrub {
    return new AnswerScrub({ run, principal, requestId, name, logger: this.#deps.logger });
  }

  #shaped<T>(shaped: T | null, run: CallRun, frame: CallFrame): T {
    if (shaped !== null) return shaped;
    this.#log(frame, run, "The plugin's answer does not have the shape of an MCP result");
    throw new ProtocolError(
      ProtocolErrorCode.InternalError,
      `Plugin "${run.instanceId}" gave an invalid answer. Request id: ${frame.requestId}`,
    );
  }

  /** The sentence for the client; the cause goes to the log, once. */
  #explain(error: unknown, what: string, run: CallRun, frame: CallFrame): string {
    if (error instanceof AppError && error.code === "CALL_ABORTED") throw error;
    this.#log(frame, run, `${what} failed`, { error: stackOf(error) });
    return describeFault(error, what, frame.requestId);
  }

  #log(frame: CallFrame, run: CallRun, message: string, fields?: { error: string }): void {
    const { requestId } = frame;
    this.#deps.logger.error(message, { requestId, plugin: run.instanceId, ...fields });
  }
}

type PluginCallTarget = HostCall extends infer Call
  ? Call extends HostCall
    ? Omit<Call, "requestId" | "principal" | "client" | "input">
    : never
  : never;

/** Its state is sealed, so that no client can read it. */
function cleanQuestion<T extends CallOutcome & { kind: "input-required" }>(
  outcome: T,
  scrub: AnswerScrub,
): T {
  return { ...outcome, inputRequests: scrub.json(outcome.inputRequests) };
}

function toAnswer(checked: Result<SerializedResult, string>): ToolAnswer {
  return checked.ok ? { kind: "result", ...checked.value } : refused(checked.reason);
}

function refused(message: string): ToolAnswer {
  return { kind: "result", ...errorResult(message) };
}
