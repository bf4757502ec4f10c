import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Answers a request for a WebSocket with an ordinary response, and ends the connection: whatever the client sends behind
 * its request was meant for a WebSocket.
 */
export async function writeRefusal(
  socket: Duplex,
  response: Response,
  { withBody }: { readonly withBody: boolean },
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.set("content-length", String(body.length));
  headers.set("date", new Date().toUTCString());
  // Who names a protocol to upgrade to must say so twice (RFC 9110, section 7.8).
  headers.set("connection", headers.has("upgrade") ? "close, upgrade" : "close");
  const lines = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
  ];
  if (!socket.writable) return void socket.destroy();
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.end(withBody ? body : undefined);
  // Read to its end: a socket that is closed over unread bytes resets, and the client may lose the answer.
  socket.resume();
}
