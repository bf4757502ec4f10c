import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import {
  MAX_UNSENT_BYTES,
  type Logger,
  type MessageChannel,
  type ServedChannel,
  type Time,
} from "../../src/index.ts";

/** Below the minute after which proxies cut what is silent, with one ping to spare. */
const PING_MS = 30_000;
/** Whoever opens a WebSocket has something to say: enough for the slowest client, too little to hoard sockets with. */
const FIRST_MESSAGE_MS = 30_000;
/** A client that has said and heard nothing for so long was most likely forgotten. It may come back. */
const IDLE_MS = 60 * 60_000;
/** Bytes that may wait for the client before nothing more is read of it, and senders wait, too. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Why the server closes a WebSocket (RFC 6455, section 7.4). */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

export interface WebSocketChannelDeps {
  readonly ws: WebSocket;
  /** The socket below it, which counts bytes. */
  readonly socket: Socket;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * MCP over a WebSocket: one message a text frame. As long as the client does not read what it gets, nothing more is read
 * of what it sends, so that neither piles up here.
 */
export class WebSocketChannel implements MessageChannel {
  readonly kind = "websocket";
  readonly #deps: WebSocketChannelDeps;
  readonly #ws: WebSocket;
  #served: ServedChannel | null = null;
  #cancelPing: () => void = () => {};
  #cancelFirst: () => void = () => {};
  #lastMessageAt: number;
  /** What the socket had read by the last ping, in bytes. */
  #bytesSeen = -1;
  /** Of what waited for the client at the last ping. */
  #outgoing: Outgoing = { waiting: 0, taken: 0 };
  /** Of the senders that wait for the client to read. */
  #drained: PromiseWithResolvers<void> | null = null;
  /** Messages that had been read already when the client fell behind: as many as fit into a chunk or two. */
  #held: string[] = [];
  #isGoingOn = false;

  constructor(deps: WebSocketChannelDeps) {
    this.#deps = deps;
    this.#ws = deps.ws;
    this.#lastMessageAt = deps.time.now();
    // What is no WebSocket frame, or too large a one: `ws` closes with the right code. An error that nobody hears would
    // end the process.
    deps.ws.on("error", ({ message }) => deps.logger.info("WebSocket failed", { reason: message }));
    deps.ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    deps.ws.on("close", (code) => this.#ended(code));
  }

  /** Begins to take messages, in the turn in which the WebSocket has opened: the first one may be there already. */
  serve(served: ServedChannel): void {
    this.#served = served;
    this.#pingLater();
    this.#cancelFirst = this.#deps.time.after(FIRST_MESSAGE_MS, () =>
      this.#close(POLICY_VIOLATION, "No message has come"),
    );
  }

  async send(message: string): Promise<void> {
    const ws = this.#ws;
    if (ws.readyState !== ws.OPEN) throw closed();
    if (ws.bufferedAmount > MAX_UNSENT_BYTES) {
      this.#cutOff("The client does not read");
      throw closed();
    }
    this.#lastMessageAt = this.#deps.time.now();
    // A failure shows as the end of the WebSocket.
    ws.send(message, () => this.#writtenOut());
    if (ws.bufferedAmount <= HIGH_WATER_BYTES) return;
    ws.pause();
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  close(): void {
    this.#close(GOING_AWAY, "The server ends the connection");
  }

  #receive(data: RawData, isBinary: boolean): void {
    // Frames still come while it closes. Their answers would reach nobody.
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (isBinary) return this.#close(UNSUPPORTED_DATA, "A message must be a text frame");
    this.#cancelFirst();
    this.#lastMessageAt = this.#deps.time.now();
    // A Buffer, as long as nobody chooses another `binaryType`.
    const message = (data as Buffer).toString("utf8");
    if (this.#ws.isPaused) this.#held.push(message);
    else this.#served?.receive(message);
  }

  #writtenOut(): void {
    if (this.#drained === null) return;
    if (this.#ws.bufferedAmount > HIGH_WATER_BYTES) return;
    this.#drained.resolve();
    this.#drained = null;
    this.#goOn();
  }

  /** Serves what was held, one message a turn as ever, and then reads again; unless the client falls behind anew. */
  #goOn(): void {
    if (this.#isGoingOn) return;
    this.#isGoingOn = true;
    setImmediate(() => {
      this.#isGoingOn = false;
      if (this.#drained !== null || this.#ws.readyState !== this.#ws.OPEN) return;
      const message = this.#held.shift();
      if (message === undefined) return this.#ws.resume();
      this.#served?.receive(message);
      this.#goOn();
    });
  }

  #pingLater(): void {
    this.#cancelPing = this.#deps.time.after(PING_MS, () => {
      if (this.#deps.time.now() - this.#lastMessageAt >= IDLE_MS) {
        return this.#close(NORMAL, "No message for an hour");
      }
      if (!this.#isAlive()) return this.#cutOff("The client does not answer pings");
      this.#ws.ping();
      this.#pingLater();
    });
  }

  /**
   * Any byte since the last ping will do, in either direction: on a slow line the pong comes behind a large message of the
   * client's, and the ping behind one of ours.
   */
  #isAlive(): boolean {
    const { socket } = this.#deps;
    const before = this.#outgoing;
    this.#outgoing = outgoingOf(socket);
    const hasSent = socket.bytesRead > this.#bytesSeen;
    this.#bytesSeen = socket.bytesRead;
    // The system takes whatever it has room for. What it had none for at the last ping, it takes as the client reads.
    const hasRead = before.waiting > 0 && this.#outgoing.taken > before.taken;
    // Since it fell behind, nothing has been read of it: the pong may be there already.
    const fellBehind = before.waiting === 0 && this.#outgoing.waiting > 0;
    return hasSent || hasRead || fellBehind;
  }

  #close(code: number, reason: string): void {
    // The client's own close frame has to be read.
    this.#ws.resume();
    this.#ws.close(code, reason);
  }

  #cutOff(reason: string): void {
    this.#deps.logger.info("WebSocket cut off", { reason });
    this.#ws.terminate();
  }

  #ended(code: number): void {
    this.#cancelPing();
    this.#cancelFirst();
    this.#drained?.reject(closed());
    this.#drained = null;
    this.#deps.logger.debug("WebSocket closed", { code });
    this.#served?.closed();
  }
}

/** Of the bytes that were handed to the system: how many it has not taken yet, and how many it has. */
interface Outgoing {
  readonly waiting: number;
  readonly taken: number;
}

interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  /** Of TLS: the connection below, since TLS itself passes a message on as a whole. */
  readonly _parent?: Handle;
}

/**
 * From the handle, as Node's own `setTimeout` of sockets looks at it: `bytesWritten` and `writableLength` of the socket
 * stand still until a message has been taken to its last byte. It is gone with the connection.
 */
function outgoingOf(socket: Socket): Outgoing {
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null };
  // oxlint-disable-next-line no-underscore-dangle -- Node's own name
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? NO_HANDLE;
  return { waiting: writeQueueSize, taken: bytesWritten - writeQueueSize };
}

const NO_HANDLE: Handle = { bytesWritten: 0, writeQueueSize: 0 };

function closed(): Error {
  return new Error("The WebSocket is closed");
}
