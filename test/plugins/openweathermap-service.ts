import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the service answers: JSON or text with a status, or whatever a function does with the response. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** JSON, unless it is a text. */
      readonly body?: unknown;
    }
  | ((response: ServerResponse, request: IncomingMessage) => void);

export interface WeatherService {
  readonly baseUrl: string;
  /** Every request so far. */
  readonly requests: readonly URL[];
  /** Gives a path its answers, one after the other; the last one stays. */
  reply(path: string, ...replies: Reply[]): void;
  close(): Promise<void>;
}

/** A loopback server in place of api.openweathermap.org. What it has no answer for is the service's own 404. */
export async function openWeatherService(): Promise<WeatherService> {
  const requests: URL[] = [];
  const replies = new Map<string, Reply[]>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    requests.push(url);
    const queue = replies.get(url.pathname) ?? [];
    const reply = queue.length > 1 ? queue.shift()! : queue[0];
    if (typeof reply === "function") return reply(response, request);
    const { status, headers, body } = reply ?? {
      status: 404,
      body: { cod: "404", message: "Internal error" },
    };
    response.writeHead(status ?? 200, {
      "content-type": "application/json; charset=utf-8",
      ...headers,
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    reply: (path, ...next) => void replies.set(path, next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
