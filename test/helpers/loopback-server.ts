import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  /** `POST /token`, without the query. */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
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
  readonly requests: SeenRequest[];
  hits(route: string): number;
}

/** A server of the test's own making on loopback. What it has no route for is 404 without a body. Closed when the test ends. */
export async function startLoopbackServer(
  routes: Readonly<Record<string, LoopbackAnswer | ((request: SeenRequest) => LoopbackAnswer)>>,
): Promise<LoopbackServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url!, "http://loopback");
      const route = `${request.method} ${url.pathname}`;
      const body = Buffer.concat(chunks).toString();
      const seen = { route, query: url.searchParams, headers: request.headers, body };
      requests.push(seen);
      const found = routes[route] ?? { status: 404 };
      const answer = typeof found === "function" ? found(seen) : found;
      if (answer.mode === "silent") return;
      const isJson = typeof answer.body === "object" && !(answer.body instanceof Uint8Array);
      response.writeHead(answer.status ?? 200, {
        ...(isJson && { "content-type": "application/json" }),
        ...answer.headers,
      });
      if (answer.mode === "endless") {
        const more = (): void => {
          while (!response.destroyed && response.write(" ".repeat(65_536))) continue;
        };
        response.on("drain", more);
        more();
        return;
      }
      response.end(isJson ? JSON.stringify(answer.body) : answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    hits: (route) => requests.filter((request) => request.route === route).length,
  };
}
