import { NEW_INSTANCE } from "../host/plugin-object.ts";
import type { PluginAuthConfig } from "../types/auth.ts";
import type { JsonSchema } from "../types/json.ts";
import type {
  CallContext,
  Completion,
  CompletionRequest,
  MCPPlugin,
  PluginContext,
  Prompt,
  Resource,
  ResourceTemplate,
  Tool,
} from "../types/plugin.ts";
import {
  toPrompt,
  toTool,
  type LooseDefinition,
  type LoosePrompt,
  type LooseTool,
} from "./loose-definition.ts";
import type {
  DefinedContext,
  HandlerContext,
  TemplateDefinition,
  ToolResult,
} from "./plugin-definition.ts";
import { parseWith, toJsonSchema, type AnySchema } from "./standard-schema.ts";
import { parseUriTemplate, type UriTemplate } from "../util/uri-template.ts";
import { ToolError } from "./tool-error.ts";

type OpenTemplate = TemplateDefinition<unknown> & {
  readonly name: string;
  readonly uriTemplate: string;
  readonly match: UriTemplate["read"];
};

/** What one instance has once it was initialized. */
interface Opened {
  readonly context: DefinedContext<unknown>;
  readonly resources: ReadonlyMap<string, NonNullable<LooseDefinition["resources"]>[string]>;
  readonly templates: readonly OpenTemplate[];
  readonly resourceList: Resource[];
}

/** The plugin that `definePlugin` makes: it turns the calls of the interface into calls of the handlers. */
export class DefinedPlugin implements MCPPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly dependencies: string[];
  declare readonly auth?: PluginAuthConfig;
  declare readonly configSchema?: JsonSchema;
  readonly #definition: LooseDefinition;
  readonly #tools: ReadonlyMap<string, LooseTool>;
  readonly #prompts: ReadonlyMap<string, LoosePrompt>;
  readonly #toolList: Tool[];
  readonly #promptList: Prompt[];
  #opened: Opened | null = null;

  constructor(definition: LooseDefinition) {
    const { config, auth, tools = {}, prompts = {} } = definition;
    this.#definition = definition;
    this.name = definition.name;
    this.version = definition.version;
    this.description = definition.description;
    this.dependencies = definition.dependencies ?? [];
    if (auth) this.auth = auth;
    if (config) this.configSchema = toJsonSchema(config, "input", "The config schema");
    this.#tools = new Map(Object.entries(tools));
    this.#prompts = new Map(Object.entries(prompts));
    this.#toolList = [...this.#tools].map(toTool);
    this.#promptList = [...this.#prompts].map(toPrompt);
  }

  [NEW_INSTANCE](): MCPPlugin {
    return new DefinedPlugin(this.#definition);
  }

  async initialize(context: PluginContext): Promise<void> {
    this.#opened = await open(this.#definition, context);
    await this.#definition.initialize?.(this.#opened.context);
  }

  async start(): Promise<void> {
    await this.#definition.start?.(this.#open.context);
  }

  async stop(): Promise<void> {
    await this.#definition.stop?.(this.#open.context);
  }

  async cleanup(): Promise<void> {
    // Settings that were refused never reached the definition, so there is nothing to let go of.
    if (this.#opened !== null) await this.#definition.cleanup?.(this.#opened.context);
    this.#opened = null;
  }

  getTools(): Tool[] {
    return this.#toolList;
  }

  getPrompts(): Prompt[] {
    return this.#promptList;
  }

  getResources(): Resource[] {
    return this.#open.resourceList;
  }

  getResourceTemplates(): ResourceTemplate[] {
    return this.#open.templates.map(
      ({ read: _read, complete: _complete, match: _match, ...rest }) => rest,
    );
  }

  async executeTool(name: string, args: unknown, call: CallContext): Promise<unknown> {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw new ToolError(`Unknown tool: ${name}`);
    const parsed = await parseArguments(tool.input, args);
    const answer = await tool.handler(parsed, this.#handlerContext(call));
    return tool.output === undefined ? answer : shapeAnswer(name, tool.output, answer);
  }

  async getPrompt(name: string, args: Record<string, string>, call: CallContext): Promise<unknown> {
    const prompt = this.#prompts.get(name);
    if (prompt === undefined) return null;
    return prompt.handler(await parseArguments(prompt.input, args), this.#handlerContext(call));
  }

  async readResource(uri: string, call: CallContext): Promise<unknown> {
    const { resources, templates } = this.#open;
    const resource = resources.get(uri);
    if (resource !== undefined && "read" in resource) {
      return resource.read(this.#handlerContext(call));
    }
    for (const template of templates) {
      const variables = template.match(uri);
      if (variables === null) continue;
      const contents = await template.read(variables, this.#handlerContext(call));
      if (contents !== null && contents !== undefined) return contents;
    }
    return null;
  }

  async complete({ ref, argument, context }: CompletionRequest): Promise<string[] | Completion> {
    const owner =
      ref.type === "prompt"
        ? this.#prompts.get(ref.name)
        : this.#open.templates.find(({ uriTemplate }) => uriTemplate === ref.uriTemplate);
    const completers = owner?.complete ?? {};
    if (!Object.hasOwn(completers, argument.name)) return [];
    const found = await completers[argument.name]!(argument.value, context);
    return isList(found) ? [...found] : found;
  }

  get #open(): Opened {
    if (this.#opened === null) throw new Error(`Plugin "${this.name}" is not initialized.`);
    return this.#opened;
  }

  #handlerContext(call: CallContext): HandlerContext<unknown> {
    const { context } = this.#open;
    return { config: context.config, plugin: context, call };
  }
}

/** @throws TypeError naming each setting that the schema refuses */
async function open(
  { config, resources = {}, resourceTemplates = {} }: LooseDefinition,
  given: PluginContext,
): Promise<Opened> {
  const settings = config && (await parseWith(config, given.config));
  if (settings?.ok === false) throw new TypeError(`Invalid settings: ${settings.reason}`);
  const context = Object.freeze({ ...given, ...(settings && { config: settings.value }) });
  const addressOf = (address: string | ((from: typeof context) => string)) =>
    typeof address === "string" ? address : address(context);
  const named = Object.entries(resources).map(([name, { uri, ...rest }]) => {
    return { ...rest, name, uri: addressOf(uri) };
  });
  return {
    context,
    resources: new Map(named.map((entry) => [entry.uri, entry])),
    resourceList: named.map((entry) => {
      if (!("read" in entry)) return entry;
      const { read: _read, ...rest } = entry;
      return rest;
    }),
    templates: Object.entries(resourceTemplates).map(([name, entry]) => {
      const uriTemplate = addressOf(entry.uriTemplate);
      const template = parseUriTemplate(uriTemplate);
      if (!template.ok) throw new TypeError(`The template "${uriTemplate}" ${template.reason}.`);
      return { ...entry, name, uriTemplate, match: (uri) => template.value.read(uri) };
    }),
  };
}

/** Arguments that JSON Schema accepted can still break a rule that it cannot say. */
async function parseArguments(schema: AnySchema | undefined, args: unknown): Promise<unknown> {
  if (schema === undefined) return args;
  const parsed = await parseWith(schema, args);
  if (!parsed.ok) throw new ToolError(`Invalid arguments: ${parsed.reason}`);
  return parsed.value;
}

/** @throws TypeError naming what the output schema refuses */
async function shapeAnswer(name: string, output: AnySchema, answer: unknown): Promise<unknown> {
  const { resultType, isError } = (answer ?? {}) as { resultType?: unknown; isError?: unknown };
  if (resultType === "input_required" || isError === true) return answer;
  const whole = isToolResult(answer) ? answer : null;
  const parsed = await parseWith(output, whole === null ? answer : whole.structuredContent);
  if (!parsed.ok) {
    throw new TypeError(`Tool "${name}" broke its own output schema: ${parsed.reason}`);
  }
  return whole === null ? parsed.value : { ...whole, structuredContent: parsed.value };
}

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

function isToolResult(answer: unknown): answer is ToolResult<unknown> {
  const { content, structuredContent } = (answer ?? {}) as Partial<ToolResult<unknown>>;
  return Array.isArray(content) && structuredContent !== undefined;
}
