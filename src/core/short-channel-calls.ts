import type { JSONRPCRequest, RequestId } from "@modelcontextprotocol/server";
import { AppError, stackOf } from "../errors.ts";
import type { CallObserver, ChannelKind } from "../types/call-observer.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import { catalogFor } from "./catalog-view.ts";
import { jsonRpcErrorText } from "./json-rpc.ts";
import type { PluginCalls, ToolAnswer } from "./plugin-calls.ts";
import type { ShortEncoder } from "./short-answer.ts";
import { readOrdinaryCall, type ShortCall } from "./short-call.ts";
import { observeShortCall } from "./telemetry/observe-short-call.ts";
import type { Catalog } from "./tool-catalog.ts";

export interface ShortCallsDeps {
  readonly calls: PluginCalls;
  readonly encode: ShortEncoder;
  readonly catalog: () => Catalog;
  readonly logger: Logger;
}

export interface ShortChannelCallsDeps extends ShortCallsDeps {
  readonly observer: CallObserver;
  readonly kind: ChannelKind;
  readonly principal: Principal;
  readonly nextRequestId: () => string;
  /** Sends the answer's text. */
  readonly answer: (id: RequestId, text: string) => void;
  /** Hands the request to the SDK, which asks for the answer that is there already. */
  readonly askBack: (request: JSONRPCRequest) => void;
}

/**
 * The short way of one channel that speaks 2026-07-28: an ordinary tool call goes straight to the plugin, as over HTTP;
 * everything else goes through the SDK.
 */
export class ShortChannelCalls {
  readonly #deps: ShortChannelCallsDeps;
  readonly #running = new Map<RequestId, AbortController>();
  /** Answers that ask the client for something, until the SDK has put them into its words. */
  readonly #questions = new Map<RequestId, ToolAnswer>();

  constructor(deps: ShortChannelCallsDeps) {
    this.#deps = deps;
  }

  /** Serves a request if it is an ordinary tool call; answers whether it is. */
  serve(request: JSONRPCRequest): boolean {
    const { catalog, principal } = this.#deps;
    const call = readOrdinaryCall(request, catalogFor(catalog(), principal));
    if (call === null) return false;
    void this.#run(call, request);
    return true;
  }

  /** The answer to a call that has run already, once. */
  takeAnswer(id: RequestId): ToolAnswer | undefined {
    const answer = this.#questions.get(id);
    this.#questions.delete(id);
    return answer;
  }

  cancel(id: RequestId): void {
    this.#running.get(id)?.abort();
  }

  /** The client has gone. */
  cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  async #run(call: ShortCall, request: JSONRPCRequest): Promise<void> {
    const { calls, encode, observer, kind, principal, answer, askBack, logger } = this.#deps;
    const controller = new AbortController();
    const requestId = this.#deps.nextRequestId();
    const caller = { principal, requestId };
    this.#running.set(call.id, controller);
    try {
      const result = await observeShortCall({ observer, call, caller, transport: kind }, () =>
        calls.callTool(call.tool, call.args, {
          ...caller,
          client: call.client,
          reports: { signal: controller.signal },
        }),
      );
      if (result.kind === "result") return answer(call.id, encode(call.id, result));
      this.#questions.set(call.id, result);
      askBack(request);
    } catch (error) {
      // A cancelled call gets no answer.
      if (error instanceof AppError && error.code === "CALL_ABORTED") return;
      logger.error("Request failed", { requestId, error: stackOf(error) });
      answer(call.id, jsonRpcErrorText(call.id, -32603, "Internal server error"));
    } finally {
      this.#running.delete(call.id);
    }
  }
}
