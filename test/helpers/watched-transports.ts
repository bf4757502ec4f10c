import type { ChannelKind } from "../../src/types/call-observer.ts";
import { openChannel } from "./channel.ts";
import { modern, type JsonRpcAnswer } from "./mcp.ts";
import { openSession } from "./session.ts";
import { openSse } from "./sse-client.ts";
import type { createWatchedServer } from "./watched-server.ts";

type Server = Awaited<ReturnType<typeof createWatchedServer>>;
type Call = (
  method: string,
  params?: Record<string, unknown>,
  meta?: Record<string, unknown>,
) => Promise<JsonRpcAnswer>;

/** The ways to the server, each with what telemetry says of a request that took it. */
export const TRANSPORTS: readonly {
  readonly way: string;
  readonly network: Readonly<Record<string, string>>;
  readonly kind: "http" | ChannelKind;
  readonly revision: string;
  readonly open: (server: Server) => Promise<Call>;
}[] = [
  {
    way: "Streamable HTTP of 2026, past the SDK",
    network: { "network.transport": "tcp", "network.protocol.name": "http" },
    kind: "http",
    revision: "2026-07-28",
    open: async (server) => async (method, params, meta) =>
      (await modern(server, method, params, { ...(meta && { meta }) })).body,
  },
  {
    way: "Streamable HTTP of 2026, by the SDK",
    network: { "network.transport": "tcp", "network.protocol.name": "http" },
    kind: "http",
    revision: "2026-07-28",
    // Whoever asks for log messages does not take the short way.
    open: async (server) => async (method, params, meta) => {
      const level = { "io.modelcontextprotocol/logLevel": "error" };
      return (await modern(server, method, params, { meta: { ...level, ...meta } })).body;
    },
  },
  {
    way: "a session of 2025",
    network: { "network.transport": "tcp", "network.protocol.name": "http" },
    kind: "http",
    revision: "2025-11-25",
    open: async (server) => {
      const session = await openSession(server);
      return (method, params, meta) => session.call(method, { ...params, _meta: meta });
    },
  },
  {
    way: "HTTP+SSE",
    network: { "network.transport": "tcp", "network.protocol.name": "http" },
    kind: "sse",
    revision: "2024-11-05",
    open: async (server) => {
      const client = await openSse(server);
      await client.initialize();
      return async (method, params, meta) =>
        (await client.call(method, { ...params, _meta: meta })) as JsonRpcAnswer;
    },
  },
  {
    way: "WebSocket, past the SDK",
    network: { "network.transport": "tcp", "network.protocol.name": "websocket" },
    kind: "websocket",
    revision: "2026-07-28",
    open: (server) => openWarmChannel(server, "websocket"),
  },
  {
    way: "stdio, past the SDK",
    network: { "network.transport": "pipe" },
    kind: "stdio",
    revision: "2026-07-28",
    open: (server) => openWarmChannel(server, "stdio"),
  },
  {
    way: "stdio, by the SDK",
    network: { "network.transport": "pipe" },
    kind: "stdio",
    revision: "2026-07-28",
    open: async (server) => {
      const call = await openWarmChannel(server, "stdio");
      return (method, params, meta) =>
        call(method, params, { "io.modelcontextprotocol/logLevel": "error", ...meta });
    },
  },
];

/** With its first request the SDK binds a channel to the era; only after that there is a short way. */
async function openWarmChannel(server: Server, kind: ChannelKind): Promise<Call> {
  const channel = openChannel({
    serveLocal: (inner) =>
      server.serve({ kind, send: (text) => inner.send(text), close: () => inner.close() }),
  });
  await channel.request("prompts/list");
  return (method, params, meta) => channel.request(method, params, { ...(meta && { meta }) });
}
