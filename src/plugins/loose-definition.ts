import type { Prompt, Tool } from "../types/plugin.ts";
import type { Completers, HandlerContext, PluginDefinition } from "./plugin-definition.ts";
import { toJsonSchema, type AnySchema } from "./standard-schema.ts";

/** A definition once its types have done their work. */
export type LooseDefinition = Omit<
  PluginDefinition<AnySchema, unknown, object, unknown>,
  "tools" | "prompts" | "config"
> & {
  readonly config?: AnySchema;
  readonly tools?: Record<string, LooseTool>;
  readonly prompts?: Record<string, LoosePrompt>;
};

export type LooseTool = Omit<Tool, "name" | "inputSchema" | "outputSchema"> & {
  readonly input?: AnySchema;
  readonly output?: AnySchema;
  readonly handler: (args: unknown, context: HandlerContext<unknown>) => unknown;
};

export type LoosePrompt = Omit<Prompt, "name" | "arguments"> & {
  readonly input?: AnySchema;
  readonly complete?: Completers;
  readonly handler: (args: unknown, context: HandlerContext<unknown>) => unknown;
};

/** @throws TypeError naming the schema that has no form in JSON Schema */
export function toTool([name, tool]: [string, LooseTool]): Tool {
  const { input, output, handler: _handler, ...rest } = tool;
  const schemaOf = (schema: AnySchema, direction: "input" | "output") =>
    toJsonSchema(schema, direction, `The ${direction} schema of tool "${name}"`);
  return {
    ...rest,
    name,
    ...(input && { inputSchema: schemaOf(input, "input") }),
    ...(output && { outputSchema: schemaOf(output, "output") }),
  };
}

/**
 * A prompt lists its arguments by name and takes text alone, so of its schema only the members of an object are told.
 *
 * @throws TypeError naming the schema that has no form in JSON Schema
 */
export function toPrompt([name, prompt]: [string, LoosePrompt]): Prompt {
  const { input, complete: _complete, handler: _handler, ...rest } = prompt;
  if (input === undefined) return { ...rest, name };
  const schema = toJsonSchema(input, "input", `The input schema of prompt "${name}"`);
  const properties = (schema["properties"] ?? {}) as Record<string, Record<string, unknown>>;
  const required = (schema["required"] ?? []) as string[];
  return {
    ...rest,
    name,
    arguments: Object.entries(properties).map(([argument, { title, description }]) => ({
      name: argument,
      ...(typeof title === "string" && { title }),
      ...(typeof description === "string" && { description }),
      required: required.includes(argument),
    })),
  };
}
