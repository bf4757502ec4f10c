import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  DEFAULT_NEGOTIATED_PROTOCOL_VERSION,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  specTypeSchemas,
  type CallToolResult,
  type Implementation,
  type InputRequiredResult,
  type JSONRPCRequest,
  type jsonSchemaValidator,
  type MessageExtraInfo,
  type RequestId,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";
import type { CallObserver, ChannelKind, ObservedCall } from "../types/call-observer.ts";
import type { Logger } from "../types/logger.ts";
import type { ClientInfo } from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import { catalogFor } from "./catalog-view.ts";
import { findCompletion } from "./completion-target.ts";
import type { CallFrame, PluginCalls, ToolAnswer } from "./plugin-calls.ts";
import { findTarget } from "./telemetry/call-target.ts";
import { watchRequests } from "./telemetry/watch-requests.ts";
import { findResource, type Catalog, type PagedList } from "./tool-catalog.ts";

/** Lists change when plugins do, and then clients are told: a minute's age is harmless in between. */
const LIST_TTL_MS = 60_000;
/** Resources that one 2025-era session may watch. */
const MAX_SUBSCRIPTIONS = 1_000;
/** As long as a URI that a template may describe. */
const MAX_URI_CHARS = 8_192;
const MAX_LOGGED_CHARS = 200;
const LIST_HINT = { ttlMs: LIST_TTL_MS, cacheScope: "private" } as const;
/** Made once: a 2026-07-28 request gets a server of its own. */
const CACHE_HINTS = {
  "tools/list": LIST_HINT,
  "prompts/list": LIST_HINT,
  "resources/list": LIST_HINT,
  "resources/templates/list": LIST_HINT,
  "server/discover": LIST_HINT,
  "resources/read": { ttlMs: 0, cacheScope: "private" },
} as const;
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};

export interface ServerIdentity {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

export interface PluginMcpServerDeps {
  readonly identity: ServerIdentity;
  readonly calls: PluginCalls;
  readonly observer: CallObserver;
  readonly logger: Logger;
  readonly catalog: () => Catalog;
  readonly schemaValidator: jsonSchemaValidator;
  /** When one server has a connection to itself. Over HTTP each request says who calls. */
  readonly connection?: Connection;
}

/** A connection that carries all messages of one client. */
export interface Connection {
  readonly era: "modern" | "legacy";
  readonly kind: ChannelKind;
  /** Answers who calls, with an id of ours for the request that has this one of the client's. */
  readonly caller: (id: RequestId) => Caller;
}

/** Who is calling; over HTTP it travels beside a request through the SDK, in `authInfo.extra`. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** The answer of a tool that has already run for this very request. */
  readonly answer?: ToolAnswer;
}

/**
 * The SDK's server over the plugin catalog: one per request in the 2026-07-28 era, one per session in the 2025 era.
 *
 * A subclass of `McpServer` whose handlers are replaced. A bare `Server` would lose the check of `Mcp-Param-*`
 * headers, which the SDK does only for a `McpServer`, through `toolInputSchemaJson`; registering each tool instead
 * costs 7 ms a list at 500 tools. (`toolInputSchemaJson` is internal to the SDK, hence the exact pin; the conformance
 * scenario `http-custom-header-server-validation` guards it.)
 */
export class PluginMcpServer extends McpServer {
  readonly #catalog: () => Catalog;
  readonly #calls: PluginCalls;
  readonly #observer: CallObserver;
  readonly #logger: Logger;
  readonly #connection: Connection | null;
  /** Of the requests of a connection that are under way. */
  readonly #callers = new Map<RequestId, Caller>();
  /** Resources a 2025-era client has subscribed to. */
  readonly #subscriptions = new Set<string>();

  constructor(deps: PluginMcpServerDeps) {
    super(deps.identity, {
      jsonSchemaValidator: deps.schemaValidator,
      cacheHints: CACHE_HINTS,
    });
    this.#catalog = deps.catalog;
    this.#calls = deps.calls;
    this.#observer = deps.observer;
    this.#logger = deps.logger;
    this.#connection = deps.connection ?? null;
    this.server.registerCapabilities(CAPABILITIES);
    this.#setListHandlers();
    this.#setCallHandlers();
    this.#setSubscriptionHandlers();
  }

  /** Whether to tell it that a resource has changed. What a newer client listens to, the SDK knows. */
  watches(uri: string): boolean {
    return this.#connection?.era === "modern" || this.#subscriptions.has(uri);
  }

  override async connect(transport: Transport): Promise<void> {
    await super.connect(transport);
    watchRequests(transport, this.#begin.bind(this), (id) => this.#callers.delete(id));
  }

  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return this.#catalog().tools.get(name)?.definition.inputSchema;
  }

  // Every schema is named, because without one the SDK answers bad parameters with -32603; only tools/call, whose
  // parameters it checks itself, needs none.

  #setListHandlers(): void {
    const { server } = this;
    const schemas = { params: specTypeSchemas.PaginatedRequestParams };
    server.setRequestHandler("tools/list", schemas, ({ cursor }, ctx) => {
      const { items, ...rest } = pageOf(this.#view(ctx).lists.tools, cursor);
      return { tools: items, ...rest };
    });
    server.setRequestHandler("prompts/list", schemas, ({ cursor }, ctx) => {
      const { items, ...rest } = pageOf(this.#view(ctx).lists.prompts, cursor);
      return { prompts: items, ...rest };
    });
    server.setRequestHandler("resources/list", schemas, ({ cursor }, ctx) => {
      const { items, ...rest } = pageOf(this.#view(ctx).lists.resources, cursor);
      return { resources: items, ...rest };
    });
    server.setRequestHandler("resources/templates/list", schemas, ({ cursor }, ctx) => {
      const { items, ...rest } = pageOf(this.#view(ctx).lists.resourceTemplates, cursor);
      return { resourceTemplates: items, ...rest };
    });
  }

  #setCallHandlers(): void {
    const { server } = this;
    server.setRequestHandler("tools/call", async ({ params }, ctx) => {
      const caller = this.#callerOf(ctx);
      const tool = this.#view(ctx).tools.get(params.name);
      if (tool === undefined) throw this.#unknown("tool", params.name, caller);
      const answer =
        caller.answer ??
        (await this.#calls.callTool(tool, params.arguments, this.#frame(ctx, caller)));
      if (answer.kind === "input-required") return answer.question as InputRequiredResult;
      // From the text, so that what was checked is what is sent, whatever a plugin's object would say now.
      const result = JSON.parse(answer.json) as CallToolResult;
      return server.projectCallToolResult(result, tool.definition.outputSchema);
    });
    const read = { params: specTypeSchemas.ReadResourceRequestParams };
    server.setRequestHandler("resources/read", read, async ({ uri }, ctx) => {
      const caller = this.#callerOf(ctx);
      const resource = findResource(this.#view(ctx), uri);
      if (resource === null) {
        this.#unknown("resource", uri, caller);
        throw new ResourceNotFoundError(uri);
      }
      return { ...(await this.#calls.readResource(resource, uri, this.#frame(ctx, caller))) };
    });
    const get = { params: specTypeSchemas.GetPromptRequestParams };
    server.setRequestHandler("prompts/get", get, async ({ name, arguments: args = {} }, ctx) => {
      const caller = this.#callerOf(ctx);
      const prompt = this.#view(ctx).prompts.get(name);
      if (prompt === undefined) throw this.#unknown("prompt", name, caller);
      return { ...(await this.#calls.getPrompt(prompt, args, this.#frame(ctx, caller))) };
    });
    const complete = { params: specTypeSchemas.CompleteRequestParams };
    server.setRequestHandler("completion/complete", complete, async (params, ctx) => {
      const { run, request } = findCompletion(params, this.#view(ctx));
      return {
        ...(await this.#calls.complete(run, request, this.#frame(ctx, this.#callerOf(ctx)))),
      };
    });
  }

  #setSubscriptionHandlers(): void {
    const { server } = this;
    const subscriptions = this.#subscriptions;
    const subscribe = { params: specTypeSchemas.SubscribeRequestParams };
    server.setRequestHandler("resources/subscribe", subscribe, ({ uri }, ctx) => {
      if (uri.length > MAX_URI_CHARS) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The URI is too long");
      }
      if (subscriptions.size >= MAX_SUBSCRIPTIONS) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Too many subscriptions");
      }
      const { principal } = this.#callerOf(ctx);
      // What somebody may not read they shall not hear of either.
      if (principal.access && findResource(this.#view(ctx), uri) === null) {
        throw new ResourceNotFoundError(uri);
      }
      subscriptions.add(uri);
      return {};
    });
    const unsubscribe = { params: specTypeSchemas.UnsubscribeRequestParams };
    server.setRequestHandler("resources/unsubscribe", unsubscribe, ({ uri }) => {
      subscriptions.delete(uri);
      return {};
    });
  }

  /** `null` for a call that has run already, and was observed there. */
  #begin(request: JSONRPCRequest, extra?: MessageExtraInfo): ObservedCall | null {
    const { id, method, params } = request;
    const caller = this.#connection?.caller(id) ?? (extra?.authInfo?.extra as unknown as Caller);
    if (this.#connection !== null) this.#callers.set(id, caller);
    if (caller.answer !== undefined) return null;
    const { principal, requestId } = caller;
    const header = extra?.request?.headers.get("mcp-protocol-version");
    return this.#observer.begin({
      method,
      rpcId: id,
      requestId,
      principal,
      transport: this.#connection?.kind ?? "http",
      revision: this.server.getNegotiatedProtocolVersion() ?? header ?? null,
      target: findTarget(catalogFor(this.#catalog(), principal), method, params),
      meta: params?._meta,
    });
  }

  /** The refusal of a name that the catalog does not have; the log learns of it, too. */
  #unknown(kind: string, name: string, { requestId }: Caller): ProtocolError {
    this.#logger.info(`Unknown ${kind}`, { requestId, name: name.slice(0, MAX_LOGGED_CHARS) });
    return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown ${kind}: ${name}`);
  }

  #frame(ctx: ServerContext, { principal, requestId }: Caller): CallFrame {
    const { mcpReq, http } = ctx;
    const progressToken = mcpReq._meta?.progressToken;
    return {
      requestId,
      principal,
      client: this.#client(ctx),
      inputResponses: mcpReq.inputResponses,
      requestState: mcpReq.requestState<string>(),
      reports: {
        signal: mcpReq.signal,
        ...(progressToken !== undefined && {
          progress: (progress, total, message) =>
            void mcpReq
              .notify({
                method: "notifications/progress",
                params: {
                  progressToken,
                  progress,
                  ...(total !== undefined && { total }),
                  ...(message !== undefined && { message }),
                },
              })
              .catch(ignoreClosedStream),
        }),
        log: (level, data) => void mcpReq.log(level, data).catch(ignoreClosedStream),
        closeStream: () => http?.closeSSE?.(),
      },
    };
  }

  /** What of the catalog the caller may use. */
  #view(ctx: ServerContext): Catalog {
    return catalogFor(this.#catalog(), this.#callerOf(ctx).principal);
  }

  #callerOf({ http, mcpReq }: ServerContext): Caller {
    const known = this.#callers.get(mcpReq.id) ?? this.#connection?.caller(mcpReq.id);
    return known ?? (http?.authInfo?.extra as unknown as Caller);
  }

  #client({ mcpReq, http }: ServerContext): ClientInfo {
    // The SDK leaves the envelope's keys out of its type.
    const envelope = mcpReq.envelope as Partial<Record<string, unknown>> | undefined;
    const info = (envelope?.[CLIENT_INFO_META_KEY] ?? this.server.getClientVersion()) as
      | Implementation
      | undefined;
    return {
      // Without a session nothing was negotiated; then the header says it, since revision 2025-06-18.
      protocolVersion:
        this.server.getNegotiatedProtocolVersion() ??
        http?.req?.headers.get("mcp-protocol-version") ??
        DEFAULT_NEGOTIATED_PROTOCOL_VERSION,
      name: info?.name ?? null,
      version: info?.version ?? null,
      capabilities:
        (envelope?.[CLIENT_CAPABILITIES_META_KEY] as ClientInfo["capabilities"] | undefined) ??
        this.server.getClientCapabilities() ??
        {},
    };
  }
}

function pageOf<T>(list: PagedList<T>, cursor: string | undefined) {
  const page = list.page(cursor);
  if (page === null) throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid cursor");
  return page;
}

/** The client has gone; the call's own signal says so to the plugin. */
function ignoreClosedStream(): void {}
