import { jsonRpcError } from "../../core/json-rpc.ts";
import { MESSAGES_PATH, type SseServer } from "../../core/sse-server.ts";
import { problem } from "../problem.ts";
import type { Route } from "../route-table.ts";

/**
 * `/sse` and `/messages`: HTTP+SSE of 2024-11-05. A client that speaks both tries a POST first, and goes on with GET when
 * it is told that there is none: hence a 405 instead of a 404.
 */
export function sseRoutes(sse: SseServer): Route[] {
  return [
    {
      method: "ALL",
      path: "/sse",
      policy: "mcp",
      handle: async (request, { principal, requestId }) =>
        request.method === "GET"
          ? ((await sse.open(principal)) ?? problem("TOO_MANY_CONNECTIONS", requestId))
          : onlyBy("GET"),
    },
    {
      method: "ALL",
      path: MESSAGES_PATH,
      policy: "mcp",
      handle: (request, { principal, requestId }) =>
        request.method === "POST" ? sse.receive(request, principal, requestId) : onlyBy("POST"),
    },
  ];
}

function onlyBy(method: string): Response {
  return jsonRpcError(405, -32000, "Method not allowed", { allow: method });
}
