import {
  createMcpHandler as createSdkHandler,
  isLegacyRequest,
  legacyStatelessFallback,
  ProtocolError,
  SUPPORTED_PROTOCOL_VERSIONS,
  type AuthInfo,
  type jsonSchemaValidator,
} from "@modelcontextprotocol/server";
import type { CallObserver } from "../types/call-observer.ts";
import type { Logger } from "../types/logger.ts";
import type { ClientInfo } from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import type { LegacySessions } from "../types/sessions.ts";
import { AppError } from "../errors.ts";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import { batchFault } from "./batch-rule.ts";
import { CallBudget } from "./limits/call-budget.ts";
import type { RateUse } from "./limits/rate-budget.ts";
import { catalogFor } from "./catalog-view.ts";
import { ConnectQuestion, type ConnectDesk } from "./connect-question.ts";
import { ChannelServer } from "./channel-server.ts";
import { jsonRpcError } from "./json-rpc.ts";
import { LegacySessionServer } from "./legacy-session-server.ts";
import { announceChanges } from "./list-changes.ts";
import { MAX_MESSAGE_BYTES } from "./message-text.ts";
import { PluginCalls, type ToolAnswer } from "./plugin-calls.ts";
import type { PluginManager } from "./plugin-manager.ts";
import {
  PluginMcpServer,
  type Caller,
  type Connection,
  type ServerIdentity,
} from "./plugin-mcp-server.ts";
import { readMessage } from "./read-message.ts";
import type { CatalogTool } from "./plugin-catalog.ts";
import type { Catalog } from "./tool-catalog.ts";
import { isJsonObject } from "../util/json-object.ts";
import type { StateSealer } from "./request-state.ts";
import { createSchemaCache } from "./schema-cache.ts";
import { createShortEncoder } from "./short-answer.ts";
import { readShortCall, REVISION, type ShortCall } from "./short-call.ts";
import { NO_OBSERVER } from "./telemetry/call-observer.ts";
import { observeShortCall } from "./telemetry/observe-short-call.ts";
import { faultWords } from "../util/schema-fault.ts";

/** The revisions that are spoken, newest first. */
export const PROTOCOL_VERSIONS: readonly string[] = [
  ...new Set([REVISION, ...SUPPORTED_PROTOCOL_VERSIONS]),
];

export interface McpHandlerDeps {
  readonly identity: ServerIdentity;
  readonly manager: PluginManager;
  readonly engine: SchemaEngine;
  readonly sealer: StateSealer;
  readonly accounts: ConnectDesk;
  /** The answer to a caller whose token does not reach to a tool; `null` where to them there is no such tool. */
  readonly challengeFor?: (tool: CatalogTool, caller: Caller) => Response | null;
  /** Tool calls of one principal in a minute, unless it has a limit of its own, as it is now; `null` for any number. */
  readonly callsPerMinute: () => number | null;
  /** `null` where the runtime keeps no sessions: the 2025 era is then served stateless. */
  readonly sessions: LegacySessions | null;
  readonly sha256: Sha256;
  /** Hears of every request and every channel; nobody does when it is left out. */
  readonly observer?: CallObserver;
  readonly time: Time;
  readonly logger: Logger;
}

export interface McpHandler {
  /** Answers one request to `/mcp`. Who calls and whether they may has been decided before. */
  fetch(request: Request, principal: Principal, requestId: string): Promise<Response>;
  /** Whether `serve` would take another channel of this principal's. */
  hasRoomFor(principal: Principal): boolean;
  /**
   * Serves a client that keeps a channel open; `null` when its principal has as many as it may. `take` counts each request
   * in its messages; left out for a channel whose messages were counted on their way, or need not be.
   */
  serve(
    channel: MessageChannel,
    principal: Principal,
    take?: () => RateUse | null,
  ): ServedChannel | null;
  /** Calls a tool for somebody who speaks no MCP; `null` when there is none of that name for them. */
  callTool(
    name: string,
    args: Readonly<Record<string, unknown>>,
    caller: Pick<Caller, "principal" | "requestId"> & { readonly signal: AbortSignal },
  ): Promise<ToolAnswer | null>;
  /** Ends every stream with its proper last message. */
  close(): Promise<void>;
}

/** Whoever calls without MCP. An address to open is the one question that they can be shown. */
const DIRECT_CLIENT: ClientInfo = {
  protocolVersion: REVISION,
  name: "admin-api",
  version: null,
  capabilities: { elicitation: { url: {} } },
};

/**
 * The MCP endpoint: 2026-07-28 and the 2025 era by Streamable HTTP, told apart by the request itself.
 *
 * The body is read and parsed once, here. An ordinary tool call then goes straight to the plugin; everything else goes
 * through the SDK, which owns the rules of the protocol.
 */
export function createMcpHandler(deps: McpHandlerDeps): McpHandler {
  const { manager, logger, engine, observer = NO_OBSERVER } = deps;
  const calls = new PluginCalls({
    schemas: createSchemaCache(engine),
    sealer: deps.sealer,
    connect: new ConnectQuestion(deps.accounts, deps.time),
    budget: new CallBudget(deps.callsPerMinute, deps.time),
    logger,
    quarantineTool: (...args) => manager.quarantineTool(...args),
  });
  const schemaValidator = toSdkValidator(engine);
  const createServer = (connection?: Connection) =>
    new PluginMcpServer({
      identity: deps.identity,
      calls,
      observer,
      logger,
      schemaValidator,
      catalog: () => manager.catalog,
      ...(connection && { connection }),
    });
  const onerror = (error: Error) => logger.debug("MCP request refused", { reason: error.message });
  const modern = createSdkHandler(() => createServer(), {
    legacy: "reject",
    maxRequestBodySize: MAX_MESSAGE_BYTES,
    onerror,
  });
  const legacy =
    deps.sessions === null
      ? null
      : new LegacySessionServer({
          sessions: deps.sessions,
          createServer: () => createServer(),
          sha256: deps.sha256,
          time: deps.time,
          logger,
        });
  const stateless = legacyStatelessFallback(() => createServer(), onerror);
  const encode = createShortEncoder(deps.identity);
  const channels = new ChannelServer({
    createServer,
    short: { calls, encode, catalog: () => manager.catalog, logger },
    observer,
    time: deps.time,
    logger,
  });
  const stopAnnouncing = announceChanges(manager, modern.notify, () => [
    ...(legacy?.servers() ?? []),
    ...channels.servers(),
  ]);

  async function serveShort(call: ShortCall, request: Request, body: unknown, caller: Caller) {
    const answer = await observeShortCall({ observer, call, caller, transport: "http" }, () =>
      calls.callTool(call.tool, call.args, {
        ...caller,
        client: call.client,
        reports: { signal: request.signal },
      }),
    );
    if (answer.kind === "result") {
      const headers = { "content-type": "application/json" };
      return new Response(encode(call.id, answer), { headers });
    }
    return modern.fetch(request, {
      parsedBody: body,
      authInfo: toAuthInfo({ ...caller, answer }),
    });
  }

  async function servePost(request: Request, caller: Caller): Promise<Response> {
    const message = await readMessage(request);
    if (!message.ok) return message.reason;
    const body = message.value.parsed;
    const fault = batchFault(body, request.headers);
    if (fault !== null) return jsonRpcError(400, -32600, fault);
    const catalog = catalogFor(manager.catalog, caller.principal);
    const beyond = toolBeyond(body, manager.catalog, catalog);
    const challenged = beyond && deps.challengeFor?.(beyond, caller);
    if (challenged) return challenged;
    const short = readShortCall(request.headers, body, catalog);
    if (short !== null) return serveShort(short, request, body, caller);
    return serveBySdk(request, body, caller);
  }

  async function serveBySdk(request: Request, parsedBody: unknown, caller: Caller) {
    const authInfo = toAuthInfo(caller);
    if (isModernBodiless(request) || !(await isLegacyRequest(request, parsedBody))) {
      return modern.fetch(request, { authInfo, parsedBody });
    }
    return legacy === null
      ? stateless(request, { authInfo, ...(parsedBody !== undefined && { parsedBody }) })
      : legacy.fetch(request, parsedBody, authInfo);
  }

  return {
    async fetch(request, principal, requestId) {
      const caller = { principal, requestId };
      try {
        const response =
          request.method === "POST"
            ? await servePost(request, caller)
            : await serveBySdk(request, undefined, caller);
        // The SDK's event streams say "keep-alive" there, but whether a connection is kept is for the runtime to say.
        response.headers.delete("connection");
        if (response.status >= 400) {
          logger.info("MCP request refused", { requestId, status: response.status });
        }
        return response;
      } catch (error) {
        if (error instanceof ProtocolError) return jsonRpcError(400, error.code, error.message);
        // The client has gone: nobody reads the answer.
        if (error instanceof AppError && error.code === "CALL_ABORTED") {
          return new Response(null, { status: 499 });
        }
        throw error;
      }
    },
    hasRoomFor: (principal) => channels.hasRoomFor(principal),
    serve: (channel, principal, take) => channels.serve(channel, principal, take),
    async callTool(name, args, { principal, requestId, signal }) {
      const tool = catalogFor(manager.catalog, principal).tools.get(name);
      if (tool === undefined) return null;
      const client = DIRECT_CLIENT;
      const caller = { principal, requestId };
      // There is no id of JSON-RPC, so that of the request stands in its place.
      const call = { id: requestId, tool, args, client, meta: null };
      return observeShortCall({ observer, call, caller, transport: "http" }, () =>
        calls.callTool(tool, args, { ...caller, client, reports: { signal } }),
      );
    },
    async close() {
      stopAnnouncing();
      await Promise.all([modern.close(), legacy?.close(), channels.close()]);
    },
  };
}

/** The tool that a request calls, and that is not in the caller's view of the catalog. */
function toolBeyond(body: unknown, all: Catalog, view: Catalog): CatalogTool | null {
  if (all === view || !isJsonObject(body) || body["method"] !== "tools/call") return null;
  const { params } = body;
  const name = isJsonObject(params) ? params["name"] : null;
  if (typeof name !== "string" || view.tools.has(name)) return null;
  return all.tools.get(name) ?? null;
}

/** 2026-07-28 has but POST: its clients get a 405, whatever session they name, and no word of the older era's streams. */
function isModernBodiless({ method, headers }: Request): boolean {
  return method !== "POST" && headers.get("mcp-protocol-version") === REVISION;
}

function toAuthInfo(caller: Caller): AuthInfo {
  // The token itself stays at the gate: nothing behind it needs one.
  return {
    token: "",
    clientId: caller.principal.id,
    scopes: [...caller.principal.scopes],
    extra: { ...caller },
  };
}

function toSdkValidator(engine: SchemaEngine): jsonSchemaValidator {
  return {
    getValidator(schema) {
      const validate = engine.compile(schema);
      return (input) => {
        const fault = validate(input);
        return fault === null
          ? { valid: true, data: input as never, errorMessage: undefined }
          : { valid: false, data: undefined, errorMessage: faultWords(fault) };
      };
    },
  };
}
