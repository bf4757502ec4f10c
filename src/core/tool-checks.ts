import { messageOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import type { AnswerScrub } from "./answer-scrub.ts";
import type { CatalogTool } from "./plugin-catalog.ts";
import type { SchemaCache } from "./schema-cache.ts";
import {
  scrubResult,
  toToolResult,
  type SerializedResult,
  type ToolResult,
} from "./tool-result.ts";
import { faultWords } from "../util/schema-fault.ts";

export interface ToolChecksDeps {
  readonly schemas: SchemaCache;
  readonly logger: Logger;
  readonly quarantineTool: (instanceId: string, ownName: string, reason: string) => void;
}

/**
 * Checks what goes into a tool and what comes out of it. A refusal is the sentence for the client; what it may not know is in
 * the log.
 */
export class ToolChecks {
  readonly #deps: ToolChecksDeps;

  constructor(deps: ToolChecksDeps) {
    this.#deps = deps;
  }

  /** Whether the arguments satisfy the tool's schema. */
  input(tool: CatalogTool, args: unknown, requestId: string): Result<void, string> {
    const checked = this.#breaks(tool, "input", args);
    if (!checked.ok) return checked;
    if (checked.value === null) return ok(undefined);
    const fault = `Invalid arguments for tool "${tool.name}": ${checked.value}`;
    // It names places and rules, never the values.
    this.#deps.logger.info(fault, { requestId, plugin: tool.run.instanceId });
    return refuse(fault);
  }

  /** The result of what a tool returned, without the secrets that its plugin was handed. */
  output(
    tool: CatalogTool,
    value: unknown,
    requestId: string,
    scrub: AnswerScrub,
  ): Result<SerializedResult, string> {
    const hasOutputSchema = tool.definition.outputSchema !== undefined;
    const made = toToolResult(value, hasOutputSchema);
    if (!made.ok) return this.#invalid(tool, made.reason, requestId);
    const clean = this.clean(tool, made.value, requestId, scrub);
    if (!clean.ok || !hasOutputSchema || clean.value.result.isError === true) return clean;
    // As the client will see it: what JSON leaves out is not there.
    const { structuredContent } = JSON.parse(clean.value.json) as ToolResult;
    if (structuredContent === undefined) {
      const reason = "has no structured content, which its outputSchema needs";
      return this.#invalid(tool, reason, requestId);
    }
    const checked = this.#breaks(tool, "output", structuredContent);
    if (!checked.ok) return checked;
    if (checked.value === null) return clean;
    return this.#invalid(tool, `breaks its outputSchema: ${checked.value}`, requestId);
  }

  /** The same without a check, for what is no answer of the tool's own schema. */
  clean(
    tool: CatalogTool,
    made: SerializedResult,
    requestId: string,
    scrub: AnswerScrub,
  ): Result<SerializedResult, string> {
    const hasOutputSchema = tool.definition.outputSchema !== undefined;
    const clean = scrubResult(made, hasOutputSchema, (text) => scrub.text(text));
    return clean.ok ? clean : this.#invalid(tool, clean.reason, requestId);
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
      const fault = this.#deps.schemas.validator(digest, schema)(value);
      return ok(fault && faultWords(fault));
    } catch (error) {
      const reason = `its ${which}Schema ${messageOf(error)}`;
      this.#deps.quarantineTool(run.instanceId, ownName, reason);
      return refuse(`Tool "${name}" is not available: its ${which} schema is faulty.`);
    }
  }

  #invalid(tool: CatalogTool, reason: string, requestId: string): Result<never, string> {
    const { name, run } = tool;
    const fields = { requestId, plugin: run.instanceId };
    this.#deps.logger.error(`Tool "${name}" returned a result that ${reason}`, fields);
    return refuse(`Tool "${name}" returned an invalid result. Request id: ${requestId}`);
  }
}
