import type { PluginAuthConfig } from "../types/auth.ts";
import type {
  CallContext,
  Completion,
  CompletionRequest,
  InputRequired,
  MCPPlugin,
  PluginContext,
  Prompt,
  Resource,
  ResourceTemplate,
  Tool,
} from "../types/plugin.ts";
import {
  parseWith,
  toJsonSchema,
  type AnySchema,
  type Parsed,
  type Unparsed,
} from "./standard-schema.ts";
import { ToolError } from "./tool-error.ts";

/** What every handler of a defined plugin receives besides its arguments. */
export interface HandlerContext<Config> {
  /** The instance's settings, parsed by the plugin's `config` schema. */
  readonly config: Config;
  readonly plugin: PluginContext;
  readonly call: CallContext;
}

type Awaitable<T> = T | Promise<T>;
type ToolTexts = Omit<Tool, "name" | "description" | "inputSchema" | "outputSchema">;
/** With an output schema a handler returns its value, or asks for input; without one, anything. */
type ToolReturn<O> = unknown extends O ? unknown : Unparsed<O> | InputRequired;

/** A plugin as one literal. Argument, result and settings types follow from the schemas. */
export interface PluginDefinition<Config, Inputs, Outputs> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly dependencies?: string[];
  readonly auth?: PluginAuthConfig;
  readonly config?: Config;

  /** Runs before anything else; what it throws fails the start. */
  readonly initialize?: (context: HandlerContext<Parsed<Config>>["plugin"]) => Awaitable<void>;
  readonly start?: () => Awaitable<void>;
  readonly stop?: () => Awaitable<void>;
  readonly cleanup?: () => Awaitable<void>;

  readonly tools?: {
    readonly [K in keyof Inputs]: ToolTexts & {
      readonly description: string;
      readonly input?: Inputs[K];
      readonly handler: (
        args: Parsed<Inputs[K]>,
        context: HandlerContext<Parsed<Config>>,
      ) => NoInfer<Awaitable<K extends keyof Outputs ? ToolReturn<Outputs[K]> : unknown>>;
    };
  } & { readonly [K in keyof Outputs]: { readonly output?: Outputs[K] } };

  /** By name. A function receives the context, so that URIs can carry the instance id. */
  readonly resources?: Record<string, ResourceDefinition<Parsed<Config>>>;
  readonly resourceTemplates?: Record<string, TemplateDefinition<Parsed<Config>>>;
  readonly prompts?: Record<string, PromptDefinition<Parsed<Config>>>;
}

export type ResourceDefinition<Config> = Omit<Resource, "uri" | "name"> & {
  readonly uri: string | ((context: PluginContext) => string);
  readonly read?: (uri: string, context: HandlerContext<Config>) => unknown;
};

export type TemplateDefinition<Config> = Omit<ResourceTemplate, "uriTemplate" | "name"> & {
  readonly uriTemplate: string | ((context: PluginContext) => string);
  /** `null` for a URI that names nothing. */
  readonly read: (uri: string, context: HandlerContext<Config>) => unknown;
  readonly complete?: Completers;
};

export type PromptDefinition<Config> = Omit<Prompt, "name"> & {
  /** MCP messages, or text that becomes the user's message. */
  readonly handler: (args: Record<string, string>, context: HandlerContext<Config>) => unknown;
  readonly complete?: Completers;
};

/** Suggestions by argument: what has been typed, and what was chosen before. */
export type Completers = Record<
  string,
  (value: string, chosen: Record<string, string>) => Awaitable<string[] | Completion>
>;

/**
 * Makes a plugin of a definition. Schemas become JSON Schema now, so a mistake in one shows when the module loads.
 *
 * @throws TypeError when a schema library cannot express a schema as JSON Schema
 */
export function definePlugin<
  Config extends AnySchema | undefined,
  Inputs,
  Outputs extends { [K in keyof Inputs]?: unknown },
>(definition: PluginDefinition<Config, Inputs, Outputs>): MCPPlugin {
  return new DefinedPlugin(definition as unknown as LooseDefinition);
}

/** The definition once its types have done their work. */
interface LooseDefinition extends Omit<PluginDefinition<AnySchema, never, never>, "tools"> {
  readonly tools?: Record<string, LooseTool>;
}

type LooseTool = ToolTexts & {
  readonly description: string;
  readonly input?: AnySchema;
  readonly output?: AnySchema;
  readonly handler: (args: unknown, context: HandlerContext<unknown>) => unknown;
};

class DefinedPlugin implements MCPPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly dependencies: string[];
  declare readonly auth?: PluginAuthConfig;
  declare readonly configSchema?: Record<string, unknown>;
  readonly #definition: LooseDefinition;
  readonly #toolList: Tool[];
  #plugin: PluginContext | null = null;
  #config: unknown;

  constructor(definition: LooseDefinition) {
    this.#definition = definition;
    this.name = definition.name;
    this.version = definition.version;
    this.description = definition.description;
    this.dependencies = definition.dependencies ?? [];
    if (definition.auth) this.auth = definition.auth;
    if (definition.config) this.configSchema = toJsonSchema(definition.config, "input");
    this.#toolList = Object.entries(definition.tools ?? {}).map(toTool);
  }

  async initialize(context: PluginContext): Promise<void> {
    const { config, initialize } = this.#definition;
    this.#plugin = context;
    this.#config = config
      ? await parseWith(config, context.config, "Invalid settings")
      : context.config;
    await initialize?.(context);
  }

  async start(): Promise<void> {
    await this.#definition.start?.();
  }

  async stop(): Promise<void> {
    await this.#definition.stop?.();
  }

  async cleanup(): Promise<void> {
    await this.#definition.cleanup?.();
  }

  getTools(): Tool[] {
    return this.#toolList;
  }

  getResources(): Resource[] {
    return Object.entries(this.#definition.resources ?? {}).map(
      ([name, { read: _read, uri, ...rest }]) => ({ ...rest, name, uri: this.#resolve(uri) }),
    );
  }

  getResourceTemplates(): ResourceTemplate[] {
    return Object.entries(this.#definition.resourceTemplates ?? {}).map(
      ([name, { read: _read, complete: _complete, uriTemplate, ...rest }]) => ({
        ...rest,
        name,
        uriTemplate: this.#resolve(uriTemplate),
      }),
    );
  }

  getPrompts(): Prompt[] {
    return Object.entries(this.#definition.prompts ?? {}).map(
      ([name, { handler: _handler, complete: _complete, ...rest }]) => ({ ...rest, name }),
    );
  }

  async executeTool(name: string, args: unknown, call: CallContext): Promise<unknown> {
    const tool = this.#definition.tools?.[name];
    if (tool === undefined) throw new ToolError(`Unknown tool: ${name}`);
    let parsed = args;
    if (tool.input) {
      try {
        parsed = await parseWith(tool.input, args, "Invalid arguments");
      } catch (error) {
        throw new ToolError((error as Error).message);
      }
    }
    return tool.handler(parsed, this.#context(call));
  }

  async readResource(uri: string, call: CallContext): Promise<unknown> {
    const { resources = {}, resourceTemplates = {} } = this.#definition;
    const resource = Object.values(resources).find((entry) => this.#resolve(entry.uri) === uri);
    if (resource?.read) return resource.read(uri, this.#context(call));
    for (const template of Object.values(resourceTemplates)) {
      const contents = await template.read(uri, this.#context(call));
      if (contents !== null && contents !== undefined) return contents;
    }
    return null;
  }

  async getPrompt(name: string, args: Record<string, string>, call: CallContext): Promise<unknown> {
    return this.#definition.prompts?.[name]?.handler(args, this.#context(call)) ?? null;
  }

  async complete({ ref, argument, context }: CompletionRequest): Promise<string[] | Completion> {
    const { prompts = {}, resourceTemplates = {} } = this.#definition;
    const owner =
      ref.type === "prompt"
        ? prompts[ref.name]
        : Object.values(resourceTemplates).find(
            (entry) => this.#resolve(entry.uriTemplate) === ref.uriTemplate,
          );
    return (await owner?.complete?.[argument.name]?.(argument.value, context)) ?? [];
  }

  #resolve(text: string | ((context: PluginContext) => string)): string {
    return typeof text === "string" ? text : text(this.#plugin!);
  }

  #context(call: CallContext): HandlerContext<unknown> {
    return { config: this.#config, plugin: this.#plugin!, call };
  }
}

function toTool([name, tool]: [string, LooseTool]): Tool {
  const { input, output, handler: _handler, ...rest } = tool;
  return {
    ...rest,
    name,
    ...(input && { inputSchema: toJsonSchema(input, "input") }),
    ...(output && { outputSchema: toJsonSchema(output, "output") }),
  };
}
