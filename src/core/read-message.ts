import { isJsonContentType } from "@modelcontextprotocol/server";
import { ok, refuse, type Result } from "../util/result.ts";
import { jsonRpcError } from "./json-rpc.ts";
import { MAX_MESSAGE_BYTES, parseMessageText } from "./message-text.ts";
import { readBody } from "./read-body.ts";

export interface PostedMessage {
  readonly text: string;
  readonly parsed: unknown;
}

/** Reads the JSON that a request posts, within bounds. A refusal is the answer to the request. */
export async function readMessage(request: Request): Promise<Result<PostedMessage, Response>> {
  if (!isJsonContentType(request.headers.get("content-type"))) {
    return refuse(jsonRpcError(415, -32000, "Content-Type must be application/json"));
  }
  const read = await readBody(request, MAX_MESSAGE_BYTES);
  if (!read.ok) {
    return refuse(
      read.reason === "too-large"
        ? jsonRpcError(413, -32000, `The body must not exceed ${MAX_MESSAGE_BYTES} bytes`)
        : jsonRpcError(400, -32700, "Parse error: the body could not be read"),
    );
  }
  const parsed = parseMessageText(read.value);
  return parsed.ok
    ? ok({ text: read.value, parsed: parsed.value })
    : refuse(jsonRpcError(400, parsed.reason.code, parsed.reason.message));
}
