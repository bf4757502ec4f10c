import type { ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { openLoopbackService, pourInto, type ReceivedRequest } from "./loopback-service.ts";

export interface SeenRequest {
  /** `POST /token`, without the query. */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly headers: ReceivedRequest["headers"];
  readonly body: string;
}

export interface LoopbackAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. `endless` never stops; `silent` never begins. */
  readonly body?: string | Uint8Array | object;
  readonly mode?: "endless" | "silent";
}

export interface LoopbackServer {
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  hits(route: string): number;
}

/**
 * A loopback service with fixed answers, which are sent as they are: no content type is made up for a text. What it has no
 * route for is 404 without a body. Closed when the test ends.
 */
export async function startLoopbackServer(
  routes: Readonly<Record<string, LoopbackAnswer | ((request: SeenRequest) => LoopbackAnswer)>>,
): Promise<LoopbackServer> {
  const requests: SeenRequest[] = [];
  const service = await openLoopbackService((response, received) => {
    const request = toSeen(received);
    requests.push(request);
    const found = routes[request.route] ?? { status: 404 };
    send(response, typeof found === "function" ? found(request) : found);
  });
  onTestFinished(service.close);
  return {
    origin: service.baseUrl,
    requests,
    hits: (route) => requests.filter((request) => request.route === route).length,
  };
}

function send(response: ServerResponse, { status = 200, headers, body, mode }: LoopbackAnswer) {
  if (mode === "silent") return;
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  response.writeHead(status, {
    ...(isJson && { "content-type": "application/json" }),
    ...headers,
  });
  if (mode === "endless") pourInto(response);
  else response.end(isJson ? JSON.stringify(body) : body);
}

function toSeen({ method, url, headers, text }: ReceivedRequest): SeenRequest {
  return { route: `${method} ${url.pathname}`, query: url.searchParams, headers, body: text };
}
