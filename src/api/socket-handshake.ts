import { jsonRpcError } from "../core/json-rpc.ts";

/** The one version of WebSocket that there is (RFC 6455). */
const VERSION = "13";
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
/** A token of HTTP, which is what a subprotocol is called by. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** What is wrong with the form of a WebSocket handshake, as the answer to it; `null` when nothing is. */
export function handshakeFault(method: string, headers: Headers): Response | null {
  if (method !== "GET") return fault(405, "A WebSocket opens with GET", { allow: "GET" });
  if (headers.get("sec-websocket-version") !== VERSION) {
    return fault(426, `The WebSocket version must be ${VERSION}`, {
      upgrade: "websocket",
      "sec-websocket-version": VERSION,
    });
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    return fault(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  }
  // What came behind the head would be read as frames.
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0") {
    return fault(400, "A WebSocket opens without a body");
  }
  return null;
}

/** The subprotocols that a client offers, none when it names none; `null` for what is no list of different tokens. */
export function offeredProtocols(headers: Headers): readonly string[] | null {
  const header = headers.get("sec-websocket-protocol");
  if (header === null) return [];
  const names = header.split(",").map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length
    ? names
    : null;
}

/** A refusal in the words of the protocol that is spoken at the path, as its HTTP transport refuses. */
export function fault(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  return jsonRpcError(status, -32000, message, headers);
}
