import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { AppError } from "../../src/index.ts";
import { MAX_HEADERS, shapeFault } from "./request-shape.ts";
import type { Settings } from "./settings.ts";
import { asksForWebSocket, type WebSockets } from "./websocket.ts";

/** How long open connections may linger once everything has been answered. */
const CLOSE_GRACE_MS = 2_000;

/** How long a client may read nothing of what waits for it, in milliseconds; at the most twice that, as Node looks. */
const UNREAD_MS = 30_000;

/** Against slow and greedy clients. They bound how a request arrives, not how long its answer takes. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
  requireHostHeader: true,
  insecureHTTPParser: false,
  // What is refused for its shape is so by way of the ordinary requests.
  shouldUpgradeCallback: (request: IncomingMessage) =>
    shapeFault(request) === null && asksForWebSocket(request),
} as const;
const MAX_REQUESTS_PER_SOCKET = 1_000;
const MAX_CONNECTIONS = 10_000;

export interface Listening {
  readonly port: number;
  /** Takes no more connections; those that are open end with their answers, or after two seconds. */
  stopAccepting(): void;
  close(): Promise<void>;
}

/** A server that keeps the limits, not listening yet. */
export function createHttpServer(handler: RequestListener, tls: Settings["tls"]): Server {
  const serve: RequestListener = (request, response) => {
    const fault = shapeFault(request);
    if (fault === null) handler(request, response);
    else response.writeHead(fault, { connection: "close" }).end();
  };
  const server: Server =
    tls === null
      ? createServer(LIMITS, serve)
      : createTlsServer(
          { ...LIMITS, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) },
          serve,
        );
  cutOffUnread(server);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

/**
 * Ends connections whose client does not read what waits for it: memory is not its to fill. One that waits itself, for an
 * answer that takes its time, is left alone.
 */
function cutOffUnread(server: Server): void {
  const unanswered = new WeakMap<Socket, number>();
  server.on("request", ({ socket }, response) => {
    const count = (change: number) =>
      unanswered.set(socket, (unanswered.get(socket) ?? 0) + change);
    count(1);
    response.once("close", () => count(-1));
  });
  server.timeout = UNREAD_MS;
  // Node asks when nothing has moved for so long, here or between two requests, and leaves it to whoever listens.
  server.on("timeout", (socket) => {
    const isWaiting = (unanswered.get(socket) ?? 0) > 0 && socket.writableLength === 0;
    if (isWaiting) socket.setTimeout(server.timeout);
    else socket.destroy();
  });
}

/** @throws AppError `CONFIG_INVALID` when the address is taken or not ours */
export async function listen(
  handler: RequestListener,
  { host, port, tls }: Pick<Settings, "host" | "port" | "tls">,
  webSockets: WebSockets,
): Promise<Listening> {
  const server = createHttpServer(handler, tls);
  webSockets.attach(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  let accepting = true;
  const stopAccepting = () => {
    if (!accepting) return;
    accepting = false;
    server.close();
    server.closeIdleConnections();
  };
  return {
    port: (server.address() as AddressInfo).port,
    stopAccepting,
    async close() {
      stopAccepting();
      const grace = setTimeout(() => {
        server.closeAllConnections();
        webSockets.destroy();
      }, CLOSE_GRACE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(grace);
    },
  };
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE") {
    return new AppError(
      "CONFIG_INVALID",
      `Port ${port} of ${host} is in use. Stop what uses it, or choose another: PORT=3001 (PORT=0 takes a free one).`,
    );
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "EACCES" || error.code === "ENOTFOUND") {
    return new AppError("CONFIG_INVALID", `Cannot listen on ${host}:${port}: ${error.message}`);
  }
  return error;
}
