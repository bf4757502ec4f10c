import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import { uuidv7 } from "../util/ids.ts";
import { ChannelTransport } from "./channel-transport.ts";
import type { Connection, PluginMcpServer } from "./plugin-mcp-server.ts";

/** Channels that one principal may have open at once. */
const MAX_PER_PRINCIPAL = 50;

export interface ChannelServerDeps {
  readonly createServer: (connection: Connection) => PluginMcpServer;
  readonly time: Time;
  readonly logger: Logger;
}

interface LiveChannel {
  readonly principalId: string;
  /** The SDK makes one when the client's first message tells the era. */
  servers: PluginMcpServer[];
  close(): Promise<void>;
}

/**
 * Serves clients that keep one channel open for all their messages: WebSocket, stdio, and the event stream of
 * 2024-11-05. Both eras, told apart by the first message; a channel belongs to one principal from its first moment.
 */
export class ChannelServer {
  readonly #deps: ChannelServerDeps;
  readonly #live = new Set<LiveChannel>();
  #closed = false;

  constructor(deps: ChannelServerDeps) {
    this.#deps = deps;
  }

  /** The servers of the channels that are open now, to be told of changes. */
  servers(): PluginMcpServer[] {
    return [...this.#live].flatMap(({ servers }) => servers);
  }

  hasRoomFor(principal: Principal): boolean {
    const held = [...this.#live].filter(({ principalId }) => principalId === principal.id);
    return !this.#closed && held.length < MAX_PER_PRINCIPAL;
  }

  /** Begins to serve a channel; `null` when its principal has as many as it may, or the server is closing. */
  serve(channel: MessageChannel, principal: Principal): ServedChannel | null {
    if (!this.hasRoomFor(principal)) return null;
    const { createServer, time, logger } = this.#deps;
    const transport = new ChannelTransport(channel, () => this.#live.delete(live));
    const live: LiveChannel = {
      principalId: principal.id,
      servers: [],
      close: () => handle.close(),
    };
    const handle = serveStdio(
      ({ era }) => {
        const caller = () => ({ principal, requestId: uuidv7(time.now()) });
        const server = createServer({ era, caller });
        // A probe's server gives way to the one of the era that is spoken in the end.
        live.servers = [server];
        return server;
      },
      {
        transport,
        onerror: ({ message }) => logger.debug("MCP message refused", { reason: message }),
      },
    );
    this.#live.add(live);
    return transport;
  }

  /** Ends every channel with its proper last message. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#live].map((live) => live.close()));
  }
}
