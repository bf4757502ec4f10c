import { outOfBounds } from "../util/json-bounds.ts";
import { ok, refuse, type Result } from "../util/result.ts";

/** Bytes of one message, whichever transport brings it. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Bytes that one client may leave unread on a connection that stays. It is cut off then: memory is not its to fill. */
export const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
const BOUNDS = { maxDepth: 64, maxNodes: 100_000 } as const;

export interface MessageFault {
  readonly code: -32700 | -32600;
  readonly message: string;
}

/** Parses a message's text; what comes out is safe for everything recursive that follows. */
export function parseMessageText(text: string): Result<unknown, MessageFault> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refuse({ code: -32700, message: "Parse error: the message is not valid JSON" });
  }
  const fault = outOfBounds(message, BOUNDS);
  if (fault === null) return ok(message);
  return refuse({ code: -32600, message: `Invalid Request: the message is ${fault}` });
}
