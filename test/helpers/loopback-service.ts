import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenOnLoopback } from "./listen.ts";

/** What the service answers: JSON or text with a status, or whatever a function does with the response. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** JSON, unless it is a text. */
      readonly body?: unknown;
    }
  | ((response: ServerResponse, request: ReceivedRequest) => void);

export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  /** As it was sent. */
  readonly text: string;
  /** The text as JSON, or `undefined` when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly body: any;
}

export interface LoopbackService {
  readonly baseUrl: string;
  /** Every request so far. */
  readonly requests: readonly ReceivedRequest[];
  /** Gives `POST /path` its answers, one after the other; the last one stays. */
  reply(target: string, ...replies: Reply[]): void;
  readonly close: () => Promise<void>;
}

const drop: Reply = (response) => void response.destroy();

/** Ways in which a service can be broken that have nothing to do with what it is asked. */
export const BROKEN: readonly { readonly name: string; readonly reply: Reply }[] = [
  { name: "hangs up", reply: drop },
  {
    name: "hangs up in the middle",
    reply: (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"a":', () => response.destroy());
    },
  },
  {
    name: "speaks no HTTP",
    reply: (response) => void response.socket?.end("HTTP/1.1 200 OK\r\nx\r\n\r\n"),
  },
];

/** Ways to take longer than anybody waits. */
export const SLOW: readonly { readonly name: string; readonly reply: Reply }[] = [
  { name: "before its answer", reply: () => {} },
  {
    name: "within its answer",
    reply: (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
    },
  },
];

/** An answer without an end. */
export const pour: Reply = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  pourInto(response);
};

/** The body of one, below headers that were sent. */
export function pourInto(response: ServerResponse): void {
  const more = () => {
    if (!response.destroyed) response.write(" ".repeat(64 * 1024), () => setImmediate(more));
  };
  more();
}

const UNKNOWN: Reply = { status: 404, body: { message: "no reply for this" } };

/** A server on this machine in place of a service on the internet. What `reply` was given no answer for gets the other one. */
export async function openLoopbackService(other: Reply = UNKNOWN): Promise<LoopbackService> {
  const requests: ReceivedRequest[] = [];
  const replies = new Map<string, Reply[]>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const received = toReceived(request, body);
      requests.push(received);
      const queue = replies.get(`${received.method} ${received.url.pathname}`) ?? [];
      const reply = (queue.length > 1 ? queue.shift() : queue[0]) ?? other;
      if (typeof reply === "function") reply(response, received);
      else answer(response, reply);
    });
  });
  const { origin, close } = await listenOnLoopback(server);
  return {
    baseUrl: origin,
    requests,
    reply: (target, ...next) => void replies.set(target, next),
    close,
  };
}

function answer(response: ServerResponse, reply: Exclude<Reply, (...args: never) => void>): void {
  const { status = 200, headers, body } = reply;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function toReceived(request: IncomingMessage, body: string): ReceivedRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  return {
    method: request.method ?? "",
    url: new URL(request.url ?? "/", "http://127.0.0.1"),
    headers: request.headers,
    text: body,
    body: json,
  };
}
