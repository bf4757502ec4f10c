import type { RequestId } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { CallObserver } from "../types/call-observer.ts";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import { waitAtMost } from "../util/deadline.ts";
import { uuidv7 } from "../util/ids.ts";
import { ChannelTransport, type ChannelHooks } from "./channel-transport.ts";
import type { Connection, PluginMcpServer } from "./plugin-mcp-server.ts";
import { ShortChannelCalls, type ShortCallsDeps } from "./short-channel-calls.ts";

/** Channels that one principal may have open at once. */
const MAX_PER_PRINCIPAL = 50;
/** How long a channel may take for its last messages: a client that does not read must not keep the server from ending. */
const GOODBYE_MS = 1_000;

export interface ChannelServerDeps {
  readonly createServer: (connection: Connection) => PluginMcpServer;
  readonly short: ShortCallsDeps;
  readonly observer: CallObserver;
  readonly time: Time;
  readonly logger: Logger;
}

interface LiveChannel {
  readonly principalId: string;
  era: "modern" | "legacy" | null;
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

  /**
   * Begins to serve a channel; `null` when its principal has as many as it may, or the server is closing.
   *
   * @param take counts a request that the channel brings, where nothing else has counted it
   */
  serve(
    channel: MessageChannel,
    principal: Principal,
    take: ChannelHooks["take"] = () => null,
  ): ServedChannel | null {
    if (!this.hasRoomFor(principal)) return null;
    const { createServer, observer, time, logger } = this.#deps;
    const { kind = "stdio" } = channel;
    const nextRequestId = () => uuidv7(time.now());
    const short = new ShortChannelCalls({
      ...this.#deps.short,
      observer,
      kind,
      principal,
      nextRequestId,
      answer: (id, text) => transport.answer(id, text),
      askBack: (request) => transport.onmessage?.(request),
    });
    let isBound = false;
    const transport: ChannelTransport = new ChannelTransport(channel, {
      take,
      serve(request) {
        if (live.era !== "modern") return false;
        if (isBound) return short.serve(request);
        // With the first request that is more than a question what it speaks, the SDK binds the channel to the era.
        isBound = request.method !== "server/discover";
        return false;
      },
      cancelled: (id) => short.cancel(id),
      closed: () => {
        this.#live.delete(live);
        short.cancelAll();
        closed();
      },
    });
    const live: LiveChannel = {
      principalId: principal.id,
      era: null,
      servers: [],
      close: async () => {
        await waitAtMost(handle.close(), GOODBYE_MS, time);
        await transport.close();
      },
    };
    const handle = serveStdio(
      ({ era }) => {
        const caller = (id: RequestId) => {
          const answer = short.takeAnswer(id);
          return { principal, requestId: nextRequestId(), ...(answer && { answer }) };
        };
        const server = createServer({ era, kind, caller });
        // A probe's server gives way to the one of the era that is spoken in the end.
        live.servers = [server];
        live.era = era;
        return server;
      },
      {
        transport,
        onerror: ({ message }) => logger.debug("MCP message refused", { reason: message }),
      },
    );
    this.#live.add(live);
    const closed = observer.opened(kind, principal);
    return transport;
  }

  /** Ends every channel with its proper last message. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#live].map((live) => live.close()));
  }
}
