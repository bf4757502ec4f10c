import type { PluginAuthConfig } from "../types/auth.ts";
import type {
  CallContext,
  Completion,
  InputRequired,
  PluginContext,
  Prompt,
  Resource,
  ResourceTemplate,
  Tool,
} from "../types/plugin.ts";
import type { AnySchema, Parsed, Unparsed, Usable } from "./standard-schema.ts";

type Awaitable<T> = T | Promise<T>;

/** The plugin's context, with the settings as its `config` schema made them. */
export type DefinedContext<Config> = Omit<PluginContext, "config"> & { readonly config: Config };

/** What every handler receives besides its arguments. */
export interface HandlerContext<Config> {
  /** The instance's settings, as the `config` schema made them. */
  readonly config: Config;
  readonly plugin: DefinedContext<Config>;
  readonly call: CallContext;
}

/** A piece of an MCP result, by type: `text`, `image`, `audio`, `resource` or `resource_link`. */
export interface ContentBlock {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** A tool's whole result, for one that has more to say than the value: other text, an image. */
export interface ToolResult<Value> {
  readonly content: readonly ContentBlock[];
  readonly structuredContent: Value;
  readonly _meta?: Record<string, unknown>;
}

/** With an output schema a handler returns its value, or asks for input; without one, anything. */
type ToolReturn<O> = unknown extends O
  ? unknown
  : Unparsed<O> | ToolResult<Unparsed<O>> | InputRequired;

type ToolTexts = Omit<Tool, "name" | "description" | "inputSchema" | "outputSchema">;

/** A plugin as one literal. The types of arguments, results and settings follow from the schemas. */
export interface PluginDefinition<
  Config extends AnySchema | undefined,
  Inputs,
  Outputs,
  PromptInputs,
> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Names of plugins that must run first, each with an optional range: `"github"`, `"github@^1.2"`. */
  readonly dependencies?: string[];
  readonly auth?: PluginAuthConfig;
  /** Schema of the settings. */
  readonly config?: Config & Usable<Config>;

  /** Runs before anything else; what it throws fails the start. */
  readonly initialize?: (context: DefinedContext<Parsed<Config>>) => unknown;
  /** Begins background work, after every dependency has started. */
  readonly start?: (context: DefinedContext<Parsed<Config>>) => unknown;
  /** Ends background work, before any dependency stops. */
  readonly stop?: (context: DefinedContext<Parsed<Config>>) => unknown;
  /** Lets go of what `initialize` took, also when that failed half way. */
  readonly cleanup?: (context: DefinedContext<Parsed<Config>>) => unknown;

  /** By name. */
  readonly tools?: {
    readonly [K in keyof Inputs]: ToolTexts & {
      /** What the model reads to decide whether to call it. */
      readonly description: string;
      /** Schema of the arguments, an object. */
      readonly input?: Inputs[K] & Usable<Inputs[K]>;
      readonly handler: (
        args: Parsed<Inputs[K]>,
        context: HandlerContext<Parsed<Config>>,
      ) => NoInfer<Awaitable<K extends keyof Outputs ? ToolReturn<Outputs[K]> : unknown>>;
    };
  } & {
    readonly [K in keyof Outputs]: {
      /** Schema of the result, which passes through it: defaults are filled in, unknown members dropped. */
      readonly output?: Outputs[K] & Usable<Outputs[K]>;
    };
  };

  /** By name. */
  readonly resources?: Record<string, ResourceDefinition<Parsed<Config>>>;
  /** By name. */
  readonly resourceTemplates?: Record<string, TemplateDefinition<Parsed<Config>>>;
  /** By name. */
  readonly prompts?: {
    readonly [K in keyof PromptInputs]: Omit<Prompt, "name" | "arguments"> & {
      /** Schema of the arguments, an object whose members are given as text. */
      readonly input?: PromptInputs[K] & Usable<PromptInputs[K]>;
      readonly complete?: Completers<PromptArguments<PromptInputs[K]>>;
      /** Answers MCP messages, or text that becomes the user's message. */
      readonly handler: (
        args: Parsed<PromptInputs[K], Record<string, never>>,
        context: HandlerContext<Parsed<Config>>,
      ) => Awaitable<PromptAnswer>;
    };
  };
}

/** An address, or a function that makes it: with the instance id in it, two instances can stand side by side. */
type Address<Config> = string | ((context: DefinedContext<Config>) => string);

export type ResourceDefinition<Config> = Omit<Resource, "uri" | "name" | "text" | "blob"> & {
  readonly uri: Address<Config>;
} & (
    | { readonly read: (context: HandlerContext<Config>) => Awaitable<ResourceAnswer> }
    | { readonly text: string }
    /** Base64. */
    | { readonly blob: string }
  );

export type TemplateDefinition<Config> = Omit<ResourceTemplate, "uriTemplate" | "name"> & {
  /** RFC 6570: `{name}` stands for a part without "/", "?", "#" and ",", `{+name}` for anything. */
  readonly uriTemplate: Address<Config>;
  /** Receives the template's variables, decoded. Answers `null` when they name nothing. */
  readonly read: (
    variables: Record<string, string>,
    context: HandlerContext<Config>,
  ) => Awaitable<ResourceAnswer>;
  readonly complete?: Completers;
};

/** Contents, or a list of them. `null`: there is no such resource. */
export type ResourceAnswer = string | ResourceContent | readonly ResourceContent[] | null;

export type ResourceContent = {
  /** The address that was read, when left out. */
  readonly uri?: string;
  readonly mimeType?: string;
  readonly _meta?: Record<string, unknown>;
} & ({ readonly text: string } | { readonly blob: string });

export type PromptAnswer =
  | string
  | {
      readonly description?: string;
      readonly messages: readonly {
        readonly role: "user" | "assistant";
        readonly content: ContentBlock;
      }[];
    }
  | InputRequired;

/** Suggestions by argument: for what has been typed, knowing what was chosen before. */
export type Completers<Names extends string = string> = {
  readonly [name in Names]?: (
    value: string,
    chosen: Record<string, string>,
  ) => Awaitable<readonly string[] | Completion>;
};

type PromptArguments<S> = keyof (unknown extends S ? never : Unparsed<S>) & string;
