import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws";
import {
  MAX_MESSAGE_BYTES,
  stackOf,
  type App,
  type Logger,
  type SocketDecision,
  type Time,
} from "../../src/index.ts";
import { WebSocketChannel } from "./websocket-channel.ts";
import { writeRefusal } from "./websocket-refusal.ts";

/** From the request until the WebSocket is open, or until its refusal has been taken. The HTTP server watches no longer. */
const OPENING_MS = 10_000;
/** How long a client may take to answer the server's close frame, in milliseconds. */
const CLOSE_MS = 2_000;
/** To a principal that has meanwhile as many as it may (IANA, WebSocket close codes). */
const TRY_AGAIN_LATER = 1013;
/** For Node 22.19 and 22.20, which cannot leave requests that offer anything else to the HTTP server. */
const ONLY_WEBSOCKET = { status: 426, headers: { upgrade: "websocket" } } as const;

/** `closeTimeout` is not in the types yet. */
const OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  maxPayload: MAX_MESSAGE_BYTES,
  // A few bytes could stand for megabytes.
  perMessageDeflate: false,
  // One message a turn: a client that sends many at once must not keep the others waiting.
  allowSynchronousEvents: false,
  closeTimeout: CLOSE_MS,
};

type AcceptedSocket = Extract<SocketDecision, { kind: "accepted" }>;

export interface WebSocketsDeps {
  readonly app: Pick<App, "openSocket">;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Whether a request asks for a WebSocket. One that offers anything else, as Java's client offers HTTP/2 with each first
 * request, is an ordinary one; and so is any of HTTP/1.0, in which an offer counts for nothing (RFC 9110, section 7.8).
 */
export function asksForWebSocket({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === "1.1" && headers.upgrade?.toLowerCase() === "websocket";
}

/** The WebSockets of a server, from the request for one to its end. No request, whatever its shape, ends the process. */
export class WebSockets {
  readonly #deps: WebSocketsDeps;
  readonly #server: WebSocketServer;
  /** The subprotocol to answer a request with. */
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  /** Sockets that are no WebSocket yet, or never will be, each with what cancels its time limit. */
  readonly #opening = new Map<Duplex, () => void>();
  /** How many ordinary requests of a connection still have no answer. */
  readonly #unanswered = new WeakMap<Duplex, number>();

  constructor(deps: WebSocketsDeps) {
    this.#deps = deps;
    this.#server = new WebSocketServer({
      ...OPTIONS,
      handleProtocols: (_offered, request) => this.#protocols.get(request) ?? false,
    });
  }

  /** Takes over the requests that the HTTP server is asked to upgrade. */
  attach(server: Server): void {
    server.on("request", ({ socket }, response) => {
      const count = (change: number) =>
        this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 0) + change);
      count(1);
      response.once("close", () => count(-1));
    });
    server.on("upgrade", (request, socket, head) => {
      this.#watch(socket);
      // Node would write the answers to the requests before this one into the WebSocket.
      if ((this.#unanswered.get(request.socket) ?? 0) > 0) {
        this.#deps.logger.info("WebSocket refused", {
          reason: "Requests before it have no answer",
        });
        return void socket.destroy();
      }
      this.#serve(request, socket, head).catch((error: unknown) => {
        this.#deps.logger.error("Request failed", { error: stackOf(error) });
        socket.destroy();
      });
    });
  }

  /** Ends at once whatever is still open. */
  destroy(): void {
    for (const socket of this.#opening.keys()) socket.destroy();
    for (const ws of this.#server.clients) ws.terminate();
  }

  /** From the first moment on: an error that nobody hears would end the process. */
  #watch(socket: Duplex): void {
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#unwatch(socket));
    this.#opening.set(
      socket,
      this.#deps.time.after(OPENING_MS, () => socket.destroy()),
    );
  }

  #unwatch(socket: Duplex): void {
    this.#opening.get(socket)?.();
    this.#opening.delete(socket);
  }

  async #serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const decision: SocketDecision = asksForWebSocket(request)
      ? await this.#deps.app.openSocket(toSocketRequest(request))
      : { kind: "refused", response: new Response(null, ONLY_WEBSOCKET) };
    if (decision.kind === "refused") {
      return writeRefusal(socket, decision.response, { withBody: request.method !== "HEAD" });
    }
    if (decision.protocol !== null) this.#protocols.set(request, decision.protocol);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#unwatch(socket);
      this.#open(ws, socket as Socket, decision);
    });
  }

  #open(ws: WebSocket, socket: Socket, { serve, requestId }: AcceptedSocket): void {
    const { time } = this.#deps;
    const logger = this.#deps.logger.with({ requestId });
    const channel = new WebSocketChannel({ ws, socket, time, logger });
    const served = serve(channel);
    if (served === null) return ws.close(TRY_AGAIN_LATER, "Too many connections");
    logger.debug("WebSocket opened");
    channel.serve(served);
  }
}

/** With every header as it was sent: of those that came twice, Node would leave out some and join others. */
function toSocketRequest({ method, url, rawHeaders, socket }: IncomingMessage) {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  const address = socket.remoteAddress ?? null;
  return { method: method ?? "", target: url ?? "", headers, address };
}
