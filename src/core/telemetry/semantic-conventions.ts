/**
 * OpenTelemetry's names for MCP. The conventions are in development, and their names still move: they stand here and
 * nowhere else. As of https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md, October 2026.
 */

/** The name of the instrumentation scope. */
export const SCOPE = "mcp-plugin-server";

export const ATTRIBUTE = {
  method: "mcp.method.name",
  revision: "mcp.protocol.version",
  resource: "mcp.resource.uri",
  tool: "gen_ai.tool.name",
  prompt: "gen_ai.prompt.name",
  operation: "gen_ai.operation.name",
  rpcId: "jsonrpc.request.id",
  errorType: "error.type",
  statusCode: "rpc.response.status_code",
  networkTransport: "network.transport",
  networkProtocol: "network.protocol.name",
} as const;

/** The operation of a tool call. */
export const EXECUTE_TOOL = "execute_tool";
/** `error.type` of a result that says of itself that it is an error. */
export const TOOL_ERROR = "tool_error";
/** Stands for a value that is none of the known ones. */
export const OTHER = "_OTHER";

export const SERVER_DURATION = {
  name: "mcp.server.operation.duration",
  options: {
    description: "Duration of MCP requests as observed by the server.",
    unit: "s",
    advice: {
      explicitBucketBoundaries: [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
      ] as number[],
    },
  },
} as const;

/**
 * Members of `params._meta` that continue a trace. `baggage` is not read: what a client writes there would go on to whomever
 * plugins ask.
 */
export const TRACE_KEYS = ["traceparent", "tracestate"] as const;

/** The protocol that carries a transport's messages. */
export const NETWORK = {
  http: { transport: "tcp", protocol: "http" },
  sse: { transport: "tcp", protocol: "http" },
  websocket: { transport: "tcp", protocol: "websocket" },
  stdio: { transport: "pipe", protocol: null },
} as const;

const METHODS: ReadonlySet<string> = new Set([
  "completion/complete",
  "initialize",
  "logging/setLevel",
  "ping",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/subscribe",
  "resources/templates/list",
  "resources/unsubscribe",
  "server/discover",
  "tools/call",
  "tools/list",
]);

/** The method, if it is one that this server has: a client may write anything there. */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : OTHER;
}
