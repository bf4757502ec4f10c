import type { McpHandler } from "../core/mcp-handler.ts";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import { uuidv7 } from "../util/ids.ts";
import type { Gate } from "./middleware/gate.ts";
import { refusal } from "./route-table.ts";
import { problem } from "./problem.ts";

/** The subprotocol that carries MCP: one JSON-RPC message a text frame. */
const MCP = "mcp";
/** What a browser, which cannot set headers of a WebSocket, sends its key with; never chosen as the protocol. */
const BEARER = "mcp.bearer.";

/** What becomes of a request for a WebSocket at `/mcp`. */
export type SocketDecision =
  | { readonly kind: "refused"; readonly response: Response }
  | {
      readonly kind: "accepted";
      /** The subprotocol to answer with; `null` when the client named none. */
      readonly protocol: string | null;
      /** Serves the socket once it is open; `null` when its principal has as many as it may meanwhile. */
      serve(channel: MessageChannel): ServedChannel | null;
    };

export interface McpSocketDeps {
  readonly gate: Gate;
  readonly mcp: McpHandler;
  readonly now: () => number;
}

/** Decides about requests for a WebSocket at `/mcp`, before anything is upgraded. */
export function createMcpSocket({ gate, mcp, now }: McpSocketDeps) {
  return async function openSocket(request: Request): Promise<SocketDecision> {
    const requestId = uuidv7(now());
    const offered = (request.headers.get("sec-websocket-protocol") ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const headers = new Headers(request.headers);
    const key = offered.find((name) => name.startsWith(BEARER))?.slice(BEARER.length);
    if (key !== undefined && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${key}`);
    }
    const allowed = await gate(headers, "mcp");
    if (!allowed.ok) return { kind: "refused", response: refusal(allowed.reason, requestId) };
    const principal = allowed.value;
    if (!mcp.hasRoomFor(principal)) {
      return { kind: "refused", response: problem("TOO_MANY_CONNECTIONS", requestId) };
    }
    return {
      kind: "accepted",
      protocol: offered.includes(MCP) ? MCP : null,
      serve: (channel) => mcp.serve(channel, principal),
    };
  };
}
