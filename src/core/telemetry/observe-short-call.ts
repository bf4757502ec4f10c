import { ProtocolError } from "@modelcontextprotocol/server";
import { AppError } from "../../errors.ts";
import type { CallEnd, CallObserver, TransportKind } from "../../types/call-observer.ts";
import type { ToolAnswer } from "../plugin-calls.ts";
import type { Caller } from "../plugin-mcp-server.ts";
import type { ShortCall } from "../short-call.ts";
import { toolTarget } from "./call-target.ts";

/** What a client gets for whatever else goes wrong. */
const INTERNAL_ERROR = -32603;

export interface ShortObservation {
  readonly observer: CallObserver;
  readonly call: ShortCall;
  readonly caller: Caller;
  readonly transport: TransportKind;
}

/** Does the work of a call that goes past the SDK, under the observer's eyes. */
export async function observeShortCall(
  { observer, call, caller, transport }: ShortObservation,
  work: () => Promise<ToolAnswer>,
): Promise<ToolAnswer> {
  const observed = observer.begin({
    method: "tools/call",
    rpcId: call.id,
    requestId: caller.requestId,
    principal: caller.principal,
    transport,
    revision: call.client.protocolVersion,
    target: toolTarget(call.tool),
    meta: call.meta,
  });
  try {
    const answer = await observed.run(work);
    observed.end({ outcome: outcomeOf(answer) });
    return answer;
  } catch (error) {
    observed.end(endOfError(error));
    throw error;
  }
}

function outcomeOf(answer: ToolAnswer): "ok" | "tool-error" | "asked" {
  if (answer.kind === "input-required") return "asked";
  return answer.result.isError === true ? "tool-error" : "ok";
}

function endOfError(error: unknown): CallEnd {
  if (error instanceof AppError && error.code === "CALL_ABORTED") return { outcome: "cancelled" };
  return { outcome: "error", code: error instanceof ProtocolError ? error.code : INTERNAL_ERROR };
}
