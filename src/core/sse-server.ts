import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Sha256, Time } from "../types/runtime.ts";
import { hexDigest } from "../util/hex-digest.ts";
import { randomToken } from "../util/ids.ts";
import { jsonRpcError } from "./json-rpc.ts";
import { readMessage } from "./read-message.ts";
import { SseStream } from "./sse-stream.ts";

/** Where clients post their messages, with the session's id as `sessionId`. */
export const MESSAGES_PATH = "/messages";
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-store",
  // Nginx would gather events until it has a page full of them.
  "x-accel-buffering": "no",
} as const;

export interface SseServerDeps {
  /** Serves a channel; `null` when its principal has as many as it may. */
  readonly serve: (channel: MessageChannel, principal: Principal) => ServedChannel | null;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
}

interface SseSession {
  readonly principalId: string;
  readonly served: ServedChannel;
}

/**
 * Serves HTTP+SSE, the transport of 2024-11-05: the client reads one event stream, and posts its messages to the address
 * that the stream's first event names. A session lasts as long as its stream, and belongs to the principal that opened
 * it: to every other it does not exist.
 */
export class SseServer {
  readonly #deps: SseServerDeps;
  /** By the hash of the session id. */
  readonly #sessions = new Map<string, SseSession>();

  constructor(deps: SseServerDeps) {
    this.#deps = deps;
  }

  /** Opens a session: the answer is its event stream. `null` when the principal has as many as it may. */
  async open(principal: Principal): Promise<Response | null> {
    const { serve, time } = this.#deps;
    const sessionId = randomToken("");
    const idHash = await this.#hash(sessionId);
    const stream = new SseStream(time, () => {
      const session = this.#sessions.get(idHash);
      this.#sessions.delete(idHash);
      session?.served.closed();
    });
    const served = serve(stream, principal);
    if (served === null) return null;
    this.#sessions.set(idHash, { principalId: principal.id, served });
    stream.begin(`${MESSAGES_PATH}?sessionId=${sessionId}`);
    return new Response(stream.body, { headers: HEADERS });
  }

  /** Takes a message of a session's client. What there is to answer to it comes on the stream. */
  async receive(request: Request, principal: Principal, requestId: string): Promise<Response> {
    const response = await this.#receive(request, principal);
    if (response.status >= 400) {
      this.#deps.logger.info("MCP request refused", { requestId, status: response.status });
    }
    return response;
  }

  async #receive(request: Request, principal: Principal): Promise<Response> {
    const sessionId = new URL(request.url).searchParams.get("sessionId");
    if (sessionId === null || sessionId === "") {
      return jsonRpcError(400, -32000, "Post to the address that the event stream names");
    }
    const idHash = await this.#hash(sessionId);
    const isOurs = () => this.#sessions.get(idHash)?.principalId === principal.id;
    if (!isOurs()) return sessionNotFound();
    const message = await readMessage(request);
    if (!message.ok) return message.reason;
    // It may have ended while the body came.
    const session = this.#sessions.get(idHash);
    if (session === undefined) return sessionNotFound();
    session.served.receive(message.value.text);
    return new Response("Accepted", { status: 202 });
  }

  #hash(sessionId: string): Promise<string> {
    return hexDigest(this.#deps.sha256, sessionId);
  }
}

function sessionNotFound(): Response {
  return jsonRpcError(404, -32001, "Session not found");
}
