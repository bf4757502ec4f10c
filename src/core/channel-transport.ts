import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import { isJsonObject } from "../util/json-object.ts";
import { parseMessageText } from "./message-text.ts";

/** Requests of one channel that may be under way at once. */
const MAX_IN_FLIGHT = 256;

/** Joins a channel of text to the SDK, which speaks in messages. */
export class ChannelTransport implements Transport, ServedChannel {
  onmessage?: (message: JSONRPCMessage) => void;
  onerror?: (error: Error) => void;
  onclose?: () => void;
  readonly #channel: MessageChannel;
  readonly #onClosed: () => void;
  readonly #inFlight = new Set<RequestId>();
  #open = true;

  /** @param onClosed called once, whoever ended the channel */
  constructor(channel: MessageChannel, onClosed: () => void) {
    this.#channel = channel;
    this.#onClosed = onClosed;
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      if (message.id !== undefined) this.#inFlight.delete(message.id);
    }
    if (this.#open) await this.#channel.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.closed();
    this.#channel.close();
  }

  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClosed();
    this.onclose?.();
  }

  receive(text: string): void {
    if (!this.#open) return;
    const parsed = parseMessageText(text);
    if (!parsed.ok) return this.#refuse(null, parsed.reason.code, parsed.reason.message);
    const message = parsed.value;
    if (isJSONRPCRequest(message)) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) {
        const words = `Too many requests are under way: ${MAX_IN_FLIGHT} at most on one connection`;
        return this.#refuse(message.id, -32000, words);
      }
      this.#inFlight.add(message.id);
      return this.onmessage?.(message);
    }
    if (isJSONRPCNotification(message)) {
      const cancelled = message.params?.["requestId"];
      // A cancelled request gets no answer.
      if (message.method === "notifications/cancelled")
        this.#inFlight.delete(cancelled as RequestId);
      return this.onmessage?.(message);
    }
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      return this.onmessage?.(message);
    }
    this.#refuse(idOf(message), -32600, "Invalid Request: it is not one JSON-RPC 2.0 message");
  }

  #refuse(id: string | number | null, code: number, message: string): void {
    this.onerror?.(new Error(message));
    this.#channel
      .send(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }))
      .catch(() => {});
  }
}

function idOf(message: unknown): string | number | null {
  const id = isJsonObject(message) ? message["id"] : null;
  return typeof id === "string" || Number.isSafeInteger(id) ? (id as string | number) : null;
}
