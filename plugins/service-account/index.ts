import {
  BasePlugin,
  ToolError,
  type CallContext,
  type PluginContext,
  type Tool,
} from "mcp-plugin-server/plugin";
import { createApi, type Api, type ApiQuestion } from "./api.ts";
import { AUTH } from "./auth.ts";
import { SETTINGS_SCHEMA, type Settings } from "./settings.ts";
import { toTools, type GetArguments, type RequestArguments } from "./tools.ts";

/**
 * Any REST API that wants access tokens by the JWT bearer grant (RFC 7523), as service accounts get them: the example
 * of a plugin with a scheme of its own. The server signs with the stored private key, which the plugin never sees.
 */
export default class ServiceAccountPlugin extends BasePlugin {
  readonly name = "service-account";
  readonly version = "1.0.0";
  readonly description = "Reads and changes what a REST API has, with a service account.";
  readonly auth = AUTH;
  readonly configSchema = SETTINGS_SCHEMA;
  readonly #now: () => number;
  #api: Api | null = null;
  #tools = toTools([]);

  /** @param now milliseconds since 1970; tests bring their own clock */
  constructor(now: () => number = Date.now) {
    super();
    this.#now = now;
  }

  override async initialize(context: PluginContext): Promise<void> {
    await super.initialize(context);
    const settings = context.config as Settings;
    this.#api = createApi({ settings, context, now: this.#now });
    this.#tools = toTools(settings.methods);
  }

  getTools(): Tool[] {
    return this.#tools;
  }

  /** The server has checked the arguments against the tool's schema. */
  async executeTool(name: string, args: unknown, { signal }: CallContext): Promise<unknown> {
    if (this.#api === null) throw new Error("The plugin is not initialized.");
    const { status, body } = await this.#api.ask(toQuestion(name, args), signal);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return {
      content: [{ type: "text", text: body === null ? `Done, with status ${status}.` : text }],
      structuredContent: { status, body },
    };
  }

  override async cleanup(): Promise<void> {
    this.#api?.close();
    this.#api = null;
    await super.cleanup();
  }
}

function toQuestion(name: string, args: unknown): ApiQuestion {
  switch (name) {
    case "get": {
      const { path, query } = args as GetArguments;
      return { method: "GET", path, query };
    }
    case "request": {
      const { method, path, query, body } = args as RequestArguments;
      if (method === "DELETE" && body !== undefined) {
        throw new ToolError("DELETE takes no body.");
      }
      return { method, path, query, body };
    }
    default:
      throw new Error(`There is no tool "${name}".`);
  }
}
