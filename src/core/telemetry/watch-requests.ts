import type {
  JSONRPCMessage,
  JSONRPCRequest,
  MessageExtraInfo,
  RequestId,
  Transport,
} from "@modelcontextprotocol/server";
import type { CallEnd, ObservedCall } from "../../types/call-observer.ts";

/** Begins to observe a request; `null` for one that is observed already. */
export type BeginRequest = (
  request: JSONRPCRequest,
  extra: MessageExtraInfo | undefined,
) => ObservedCall | null;

/**
 * Observes every request that the SDK gets over a transport which it is connected to, and how it answers. What the SDK
 * does on the way, the call of a plugin included, is done inside of it.
 *
 * @param ended told of each request that has its end, observed or not
 */
export function watchRequests(
  transport: Transport,
  begin: BeginRequest,
  ended: (id: RequestId) => void,
): void {
  const { onmessage, onclose } = transport;
  const send = transport.send.bind(transport);
  const underWay = new Map<RequestId, ObservedCall>();

  function finish(id: RequestId, end: CallEnd): void {
    underWay.get(id)?.end(end);
    underWay.delete(id);
    ended(id);
  }

  // Messages are told apart by their members: whoever brings them has checked them, and the SDK does so again.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a Transport of the SDK is no EventTarget
  transport.onmessage = (message: JSONRPCMessage, extra?: MessageExtraInfo) => {
    if (!("method" in message)) return onmessage?.(message, extra);
    if (!("id" in message)) {
      if (message.method === "notifications/cancelled") {
        finish(message.params?.["requestId"] as RequestId, { outcome: "cancelled" });
      }
      return onmessage?.(message, extra);
    }
    // Its client has lost the other one by using its id again.
    if (underWay.has(message.id)) finish(message.id, { outcome: "cancelled" });
    const call = begin(message, extra);
    if (call === null) return onmessage?.(message, extra);
    underWay.set(message.id, call);
    return call.run(() => onmessage?.(message, extra));
  };

  transport.send = (message, options) => {
    const end = endOf(message);
    if (end !== null) finish(end.id, end.end);
    return send(message, options);
  };

  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the same
  transport.onclose = () => {
    for (const id of underWay.keys()) finish(id, { outcome: "cancelled" });
    onclose?.();
  };
}

/** How a message ends the request that it answers; `null` when it is no answer. */
function endOf(message: JSONRPCMessage): { id: RequestId; end: CallEnd } | null {
  if ("error" in message) {
    const { id, error } = message;
    return id === undefined ? null : { id, end: { outcome: "error", code: error.code } };
  }
  if (!("result" in message)) return null;
  const { id, result } = message;
  if (result["resultType"] === "input_required") return { id, end: { outcome: "asked" } };
  return { id, end: { outcome: result["isError"] === true ? "tool-error" : "ok" } };
}
