import type { ChannelKind } from "./call-observer.ts";

/**
 * A way to carry MCP messages as text to and from one client for as long as it is open: a WebSocket, an event stream
 * with its posts, a pair of pipes. A runtime supplies it; what the messages mean is not its business.
 */
export interface MessageChannel {
  /** What it is; the client that started this process when left out. */
  readonly kind?: ChannelKind;
  /** Sends one message. Resolves when the channel takes more; rejects when it is closed. */
  send(message: string): Promise<void>;
  /** Ends the channel from the server's side. Once it is closed, it does nothing. */
  close(): void;
}

/** The server's end of a channel. No function throws, whatever the client sends. */
export interface ServedChannel {
  /** Takes one message of the client's. What is no message gets a JSON-RPC error as its answer. */
  receive(message: string): void;
  /** Takes note of a message that was left out, because it exceeded `MAX_MESSAGE_BYTES`. It gets an error as its answer. */
  tooLong(): void;
  /** Says that the channel is closed: the client has gone. */
  closed(): void;
  /** Resolves when no request waits for its answer any more. One that listens for changes is not waited for. */
  answered(): Promise<void>;
}
