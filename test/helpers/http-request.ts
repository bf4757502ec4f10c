import { request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { noteAnswer } from "./canary.ts";

/** `fetch` over a new connection of its own, which sends the headers as they are, `Host` among them. */
export async function requestOverHttp(
  port: number,
  path: string,
  { method = "GET", headers, body, signal }: RequestInit = {},
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    path,
    method,
    headers: Object.fromEntries(new Headers(headers)),
    agent: false,
    ...(signal && { signal }),
  });
  request.once("response", resolve);
  request.once("error", reject);
  if (body instanceof ReadableStream) Readable.fromWeb(body as never).pipe(request);
  else request.end(body ?? undefined);
  return noteAnswer(toResponse(await promise));
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at]!, message.rawHeaders[at + 1]!);
  }
  const status = message.statusCode!;
  // A response with one of these has no body, and `Response` insists on it.
  const empty = status === 204 || status === 304;
  if (empty) message.resume();
  const body = empty ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}
