import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

/** What browsers, Node and `ws` call a WebSocket, as far as a transport needs it. */
export type AnyWebSocket = Pick<WebSocket, "send" | "close" | "addEventListener">;

/** A transport for the SDK's second client, which has none for WebSockets of its own. */
export class WebSocketTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #open: () => AnyWebSocket;
  #socket: AnyWebSocket | null = null;

  constructor(open: () => AnyWebSocket) {
    this.#open = open;
  }

  start(): Promise<void> {
    const socket = this.#open();
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", (event) => {
        // Pages are not told what.
        const error = new Error((event as Partial<ErrorEvent>).message || "The WebSocket failed");
        reject(error);
        this.onerror?.(error);
      });
      socket.addEventListener("close", () => this.onclose?.());
      socket.addEventListener("message", ({ data }) =>
        this.onmessage?.(JSON.parse(String(data)) as JSONRPCMessage),
      );
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#socket?.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    this.#socket?.close();
  }
}
