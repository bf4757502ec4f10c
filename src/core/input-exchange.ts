import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { AppError } from "../errors.ts";
import type { CallOutcome } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { CallInput, InputRequest } from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import { toInputRequests } from "./input-requests.ts";
import type { StateBinding, StateSealer } from "./request-state.ts";

/** A question back to the client, in the form of the wire. */
export interface InputQuestion {
  readonly resultType: "input_required";
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  readonly requestState?: string;
}

/** Who asks, and what a repeated call carries: the client's answers, and the sealed state. */
export interface InputFrame {
  readonly requestId: string;
  readonly principal: Principal;
  readonly inputResponses?: Readonly<Record<string, unknown>> | undefined;
  readonly requestState?: string | undefined;
}

/** What was called, with the arguments as the client sent them, whatever the plugin has done to them since. */
export interface AskedCall {
  readonly method: string;
  /** Tool or prompt name, or resource URI. */
  readonly target: string;
  readonly argsJson: string;
}

/** The round trip of a call that needs input: its question goes out with a sealed state, and comes back with answers. */
export class InputExchange {
  readonly #sealer: StateSealer;
  readonly #logger: Logger;

  constructor(sealer: StateSealer, logger: Logger) {
    this.#sealer = sealer;
    this.#logger = logger;
  }

  /** @throws AppError `PLUGIN_INVALID` when the plugin's question is none */
  async ask(
    { inputRequests, state }: CallOutcome & { kind: "input-required" },
    asked: AskedCall,
    { principal }: InputFrame,
  ): Promise<InputQuestion> {
    const requests = toInputRequests(inputRequests);
    if (requests === null && state === undefined) {
      throw new AppError("PLUGIN_INVALID", "inputRequired() needs inputRequests or a state.");
    }
    const binding = toBinding(asked, principal.id);
    return {
      resultType: "input_required",
      ...(requests !== null && { inputRequests: requests }),
      ...(state !== undefined && { requestState: await this.#sealer.seal(binding, state) }),
    };
  }

  /**
   * What the client sent along, or `null` for a call that is no repeated one.
   *
   * @throws ProtocolError -32602 for a state that is not this call's, or too old; why stands in the log
   */
  async open(
    asked: AskedCall,
    { inputResponses, requestState, principal, requestId }: InputFrame,
  ): Promise<CallInput | null> {
    if (inputResponses === undefined && requestState === undefined) return null;
    if (requestState === undefined) return { responses: inputResponses ?? {}, state: undefined };
    const opened = await this.#sealer.open(toBinding(asked, principal.id), requestState);
    if (opened.ok) return { responses: inputResponses ?? {}, state: opened.value };
    this.#logger.warn("Refused a request state", { requestId, reason: opened.reason });
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid or expired requestState", {
      reason: "invalid_request_state",
    });
  }
}

function toBinding({ method, target, argsJson }: AskedCall, principalId: string): StateBinding {
  return { principalId, method, target, args: JSON.parse(argsJson) as unknown };
}
