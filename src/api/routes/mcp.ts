import type { McpHandler } from "../../core/mcp-handler.ts";
import type { Route } from "../route-table.ts";

/** `/mcp`: Streamable HTTP, every method, because the protocol says itself what it answers to the others. */
export function mcpRoutes(mcp: McpHandler): Route[] {
  return [
    {
      method: "ALL",
      path: "/mcp",
      policy: "mcp",
      handle: (request, { principal, requestId }) => mcp.fetch(request, principal, requestId),
    },
  ];
}
