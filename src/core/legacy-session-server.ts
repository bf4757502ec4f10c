import {
  WebStandardStreamableHTTPServerTransport,
  type AuthInfo,
} from "@modelcontextprotocol/server";
import type { Logger } from "../types/logger.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import type { LegacySessions } from "../types/sessions.ts";
import { hexDigest } from "../util/hex-digest.ts";
import { randomToken } from "../util/ids.ts";
import { createEventBuffer } from "./event-buffer.ts";
import { jsonRpcError } from "./json-rpc.ts";
import type { Caller, PluginMcpServer } from "./plugin-mcp-server.ts";

const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
/** How soon a client whose stream was closed on purpose comes back for the rest. */
const RETRY_MS = 500;

export interface LegacySessionServerDeps {
  readonly sessions: LegacySessions;
  readonly createServer: () => PluginMcpServer;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
}

interface LiveSession {
  readonly server: PluginMcpServer;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Streams that its client has opened to listen. While there is one, the session is in use. */
  listening: number;
}

/**
 * Serves the 2025 era with sessions, so that a server may ask its client something and tell it of changes. A session
 * belongs to the principal that opened it: to every other it does not exist.
 */
export class LegacySessionServer {
  readonly #deps: LegacySessionServerDeps;
  /** By the hash of the session id. */
  readonly #live = new Map<string, LiveSession>();
  #cancelSweep: () => void;

  constructor(deps: LegacySessionServerDeps) {
    this.#deps = deps;
    this.#cancelSweep = deps.time.after(SWEEP_MS, () => this.#sweep());
  }

  /** The servers of the sessions that are open now, to be told of changes. */
  servers(): PluginMcpServer[] {
    return [...this.#live.values()].map(({ server }) => server);
  }

  async fetch(request: Request, parsedBody: unknown, authInfo: AuthInfo): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId === null) return this.#open(request, parsedBody, authInfo);
    const idHash = await this.#hash(sessionId);
    const { principal } = authInfo.extra as unknown as Caller;
    const session = await this.#deps.sessions.find(idHash);
    const live = this.#live.get(idHash);
    if (session?.principalId !== principal.id || live === undefined) {
      return jsonRpcError(404, -32001, "Session not found");
    }
    await this.#deps.sessions.touch(idHash, this.#deps.time.now());
    const response = await live.transport.handleRequest(request, { authInfo, parsedBody });
    return request.method === "GET" ? this.#countWhileOpen(response, live) : response;
  }

  async close(): Promise<void> {
    this.#cancelSweep();
    await Promise.all([...this.#live.keys()].map((idHash) => this.#drop(idHash)));
  }

  async #open(request: Request, parsedBody: unknown, authInfo: AuthInfo): Promise<Response> {
    const { principal } = authInfo.extra as unknown as Caller;
    const server = this.#deps.createServer();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomToken(""),
      eventStore: createEventBuffer(),
      retryInterval: RETRY_MS,
      onsessioninitialized: async (sessionId) => {
        const idHash = await this.#hash(sessionId);
        const now = this.#deps.time.now();
        this.#live.set(idHash, { server, transport, listening: 0 });
        const displaced = await this.#deps.sessions.open({
          idHash,
          principalId: principal.id,
          createdAt: now,
          seenAt: now,
        });
        await Promise.all(displaced.map((other) => this.#drop(other)));
      },
      onsessionclosed: async (sessionId) => this.#drop(await this.#hash(sessionId)),
    });
    await server.connect(transport);
    const response = await transport.handleRequest(request, { authInfo, parsedBody });
    if (transport.sessionId === undefined) await server.close();
    return response;
  }

  #countWhileOpen(response: Response, live: LiveSession): Response {
    if (!response.ok || response.body === null) return response;
    live.listening++;
    return new Response(
      watchEnd(response.body, () => live.listening--),
      response,
    );
  }

  async #drop(idHash: string): Promise<void> {
    const live = this.#live.get(idHash);
    this.#live.delete(idHash);
    await this.#deps.sessions.close(idHash);
    await live?.server.close();
  }

  #sweep(): void {
    const { sessions, time, logger } = this.#deps;
    this.#cancelSweep = time.after(SWEEP_MS, () => this.#sweep());
    const inUse = [...this.#live].filter(([, { listening }]) => listening > 0);
    Promise.all(inUse.map(([idHash]) => sessions.touch(idHash, time.now())))
      .then(() => sessions.expire(time.now() - IDLE_MS))
      .then((expired) => Promise.all(expired.map((idHash) => this.#drop(idHash))))
      .catch((error: unknown) => {
        logger.error("Could not expire sessions", { error: String(error) });
      });
  }

  #hash(sessionId: string): Promise<string> {
    return hexDigest(this.#deps.sha256, sessionId);
  }
}

/** The same stream; `ended` is called once, when it is over or its reader has gone. */
function watchEnd(
  stream: ReadableStream<Uint8Array>,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  void reader.closed.then(ended, ended);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
