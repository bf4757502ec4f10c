import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import { isJsonObject } from "../util/json-object.ts";
import { jsonRpcErrorText } from "./json-rpc.ts";
import { retryAfterSeconds, tooMany, type RateUse } from "./limits/rate-budget.ts";
import { MAX_MESSAGE_BYTES, parseMessageText } from "./message-text.ts";

/** Requests of one channel that may be under way at once. */
const MAX_IN_FLIGHT = 256;
/** Answered when its client has heard enough. */
const LISTEN = "subscriptions/listen";

export interface ChannelHooks {
  /** Counts a request, or what was to be one, against a limit of its client's; `null` where there is none. */
  take(): RateUse | null;
  /** Serves a request without the SDK; answers whether it does. `answer` ends such a request. */
  serve(request: JSONRPCRequest): boolean;
  /** The client has cancelled a request. */
  cancelled(id: RequestId): void;
  /** The channel is closed, whoever ended it. Called once. */
  closed(): void;
}

/** Joins a channel of text to the SDK, which speaks in messages. */
export class ChannelTransport implements Transport, ServedChannel {
  onmessage?: (message: JSONRPCMessage) => void;
  onerror?: (error: Error) => void;
  onclose?: () => void;
  readonly #channel: MessageChannel;
  readonly #hooks: ChannelHooks;
  /** Requests by id, with their methods. */
  readonly #inFlight = new Map<RequestId, string>();
  #answered: PromiseWithResolvers<void> | null = null;
  #open = true;

  constructor(channel: MessageChannel, hooks: ChannelHooks) {
    this.#channel = channel;
    this.#hooks = hooks;
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    const sent = this.#open ? this.#channel.send(JSON.stringify(message)) : null;
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      if (message.id !== undefined) this.#settle(message.id);
    }
    await sent;
  }

  /** Answers a request that the hooks serve. */
  answer(id: RequestId, text: string): void {
    if (this.#open) this.#channel.send(text).catch(ignoreClosed);
    this.#settle(id);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.closed();
    this.#channel.close();
  }

  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#answered?.resolve();
    this.#hooks.closed();
    this.onclose?.();
  }

  async answered(): Promise<void> {
    if (!this.#open || !this.#isWaitedFor()) return;
    this.#answered ??= Promise.withResolvers();
    await this.#answered.promise;
  }

  receive(text: string): void {
    if (!this.#open) return;
    const parsed = parseMessageText(text);
    if (!parsed.ok) return this.#malformed(null, parsed.reason.code, parsed.reason.message);
    const message = parsed.value;
    if (isJSONRPCRequest(message)) {
      const use = this.#hooks.take();
      // Two under one id would count as one, and nobody could tell their answers apart, be they refusals.
      if (this.#inFlight.has(message.id)) {
        return this.#refuse(null, -32600, "Invalid Request: its id is that of one under way");
      }
      if (use?.isAllowed === false) return this.#tooOften(message.id, use);
      if (this.#inFlight.size >= MAX_IN_FLIGHT) {
        const words = `Too many requests are under way: ${MAX_IN_FLIGHT} at most on one connection`;
        return this.#refuse(message.id, -32000, words);
      }
      this.#inFlight.set(message.id, message.method);
      return this.#hooks.serve(message) ? undefined : this.onmessage?.(message);
    }
    if (isJSONRPCNotification(message)) {
      if (message.method === "notifications/cancelled") {
        const id = message.params?.["requestId"] as RequestId;
        this.#hooks.cancelled(id);
        // It gets no answer.
        this.#settle(id);
      }
      return this.onmessage?.(message);
    }
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      return this.onmessage?.(message);
    }
    this.#malformed(idOf(message), -32600, "Invalid Request: it is not one JSON-RPC 2.0 message");
  }

  tooLong(): void {
    if (!this.#open) return;
    this.#refuse(null, -32000, `The message must not exceed ${MAX_MESSAGE_BYTES} bytes`);
  }

  #settle(id: RequestId): void {
    this.#inFlight.delete(id);
    if (this.#answered === null || this.#isWaitedFor()) return;
    this.#answered.resolve();
    this.#answered = null;
  }

  #isWaitedFor(): boolean {
    return [...this.#inFlight.values()].some((method) => method !== LISTEN);
  }

  /** Counts as a request, since it is answered as one. */
  #malformed(id: string | number | null, code: number, message: string): void {
    const use = this.#hooks.take();
    if (use?.isAllowed === false) return this.#tooOften(id, use);
    this.#refuse(id, code, message);
  }

  #tooOften(id: string | number | null, use: RateUse): void {
    const data = { code: "RATE_LIMITED", retryAfterSeconds: retryAfterSeconds(use) };
    this.#refuse(id, -32000, tooMany("requests", use), data);
  }

  #refuse(
    id: string | number | null,
    code: number,
    message: string,
    data?: Readonly<Record<string, unknown>>,
  ): void {
    this.onerror?.(new Error(message));
    this.#channel.send(jsonRpcErrorText(id, code, message, data)).catch(ignoreClosed);
  }
}

/** The channel was closed meanwhile: nobody is left to answer. */
function ignoreClosed(): void {}

function idOf(message: unknown): string | number | null {
  const id = isJsonObject(message) ? message["id"] : null;
  return typeof id === "string" || Number.isSafeInteger(id) ? (id as string | number) : null;
}
