import { bearerToken } from "../core/auth/authenticator.ts";
import type { McpHandler } from "../core/mcp-handler.ts";
import { stackOf } from "../errors.ts";
import type { MessageChannel, ServedChannel } from "../types/channel.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import { uuidv7 } from "../util/ids.ts";
import type { ChallengeDeps } from "./challenge.ts";
import type { AccessLog } from "./middleware/access-log.ts";
import type { Gate } from "./middleware/gate.ts";
import type { RequestAudit } from "./middleware/request-audit.ts";
import type { RequestLimits } from "./middleware/request-limits.ts";
import { noteRefusal, overloaded, tooOften } from "./over-limit.ts";
import { problem } from "./problem.ts";
import { refusal } from "./refusal.ts";
import { fault, handshakeFault, offeredProtocols } from "./socket-handshake.ts";

/** The only path of a WebSocket. The query says nothing, and least of all who calls: queries end up in logs. */
const PATH = "/mcp";
/** The subprotocol that carries MCP: one JSON-RPC message a text frame. */
const MCP = "mcp";
/** What a browser, which cannot set headers of a WebSocket, sends its key with; never chosen as the protocol. */
const BEARER = "mcp.bearer.";

/** A request for a WebSocket, as it was sent. */
export interface SocketRequest {
  readonly method: string;
  /** The path, and the query if there is one. */
  readonly target: string;
  /** All of them: of those that came twice, both. */
  readonly headers: Headers;
  /** Of the socket. */
  readonly address: string | null;
}

/** What becomes of a request for a WebSocket. */
export type SocketDecision =
  | { readonly kind: "refused"; readonly response: Response }
  | {
      readonly kind: "accepted";
      /** The subprotocol to answer with; `null` when the client named none. */
      readonly protocol: string | null;
      /** The id of the request, for the log. */
      readonly requestId: string;
      /** Serves the socket once it is open; `null` when its principal has as many as it may meanwhile. */
      readonly serve: (channel: MessageChannel) => ServedChannel | null;
    };

/** Decides about requests for a WebSocket, before anything is upgraded. Never rejects. */
export type OpenSocket = (request: SocketRequest) => Promise<SocketDecision>;

export interface McpSocketDeps {
  readonly gate: Gate;
  readonly limits: RequestLimits;
  readonly challenges: ChallengeDeps;
  readonly mcp: Pick<McpHandler, "hasRoomFor" | "serve">;
  readonly audit: Pick<RequestAudit, "refused">;
  readonly accessLog: AccessLog;
  readonly logger: Logger;
  readonly now: () => number;
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number;
}

interface SocketNote {
  readonly requestId: string;
  principal: Principal | null;
}

function isHere({ target }: SocketRequest): boolean {
  return target.split("?", 1)[0] === PATH;
}

/**
 * Opens WebSockets at `/mcp`. Host, Origin and credential come first, as for every request, and the same limits
 * hold; then the form of the handshake.
 */
export function createMcpSocket({
  gate,
  limits,
  challenges,
  mcp,
  audit,
  accessLog,
  logger,
  now,
  elapsed,
}: McpSocketDeps): OpenSocket {
  async function decide(request: SocketRequest, note: SocketNote): Promise<SocketDecision> {
    const { method, headers } = request;
    const { requestId } = note;
    const from = limits.addressOf(headers, { address: request.address });
    const refuse = (code: string | null, response: Response): SocketDecision => {
      logger.info("WebSocket refused", { requestId, status: response.status, code });
      return { kind: "refused", response };
    };
    const tooBusy = overloaded(limits, requestId);
    if (tooBusy !== null) return refuse("OVERLOADED", tooBusy);
    const protocols = offeredProtocols(headers);
    const credential = withCredential(headers, protocols ?? []);
    const allowed = await gate(
      { method, headers: credential },
      isHere(request) ? "mcp" : "public",
      { address: from, mayGuess: () => limits.mayFail(from) },
    );
    if (!allowed.ok) {
      const { reason, principal = null } = allowed;
      note.principal = principal;
      const refused = { reason, principal, route: `GET ${PATH}`, requestId };
      const guessed = noteRefusal(refused, from, { limits, audit });
      return guessed === null
        ? refuse(reason, refusal(reason, requestId, { policy: "mcp", challenges, principal }))
        : refuse("RATE_LIMITED", guessed);
    }
    if (!isHere(request)) {
      const tooMany = tooOften(limits.anonymous(from), "anonymous", requestId);
      return tooMany === null
        ? refuse("NOT_FOUND", problem("NOT_FOUND", requestId))
        : refuse("RATE_LIMITED", tooMany);
    }
    const { principal, life, watch } = allowed.value;
    note.principal = principal;
    const tooMany = tooOften(limits.request(principal), "requests", requestId);
    if (tooMany !== null) return refuse("RATE_LIMITED", tooMany);
    const malformed = handshakeFault(method, headers) ?? protocolFault(protocols);
    if (malformed !== null) return refuse(null, malformed);
    if (!mcp.hasRoomFor(principal)) {
      return refuse("TOO_MANY_CONNECTIONS", problem("TOO_MANY_CONNECTIONS", requestId));
    }
    return {
      kind: "accepted",
      protocol: protocols!.includes(MCP) ? MCP : null,
      requestId,
      serve(channel) {
        // Each of its messages may ask for as much as an HTTP request.
        const served = mcp.serve(channel, principal, () => limits.request(principal));
        return served && endChannelWith(life, channel, served, watch);
      },
    };
  }

  async function decideAnyhow(request: SocketRequest, note: SocketNote): Promise<SocketDecision> {
    const { requestId } = note;
    try {
      return await decide(request, note);
    } catch (error) {
      logger.error("Request failed", { requestId, code: "INTERNAL", error: stackOf(error) });
      return { kind: "refused", response: problem("INTERNAL", requestId) };
    }
  }

  return async function openSocket(request) {
    const began = elapsed();
    const note: SocketNote = { requestId: uuidv7(now()), principal: null };
    const decision = await decideAnyhow(request, note);
    accessLog({
      ...note,
      method: request.method,
      route: isHere(request) ? PATH : "*",
      status: decision.kind === "refused" ? decision.response.status : 101,
      milliseconds: elapsed() - began,
      address: limits.addressOf(request.headers, { address: request.address }),
    });
    return decision;
  };
}

/** The channel's server end, which is closed when its client may no longer use it; `watch` keeps an eye on that meanwhile. */
function endChannelWith(
  life: AbortSignal | null,
  channel: MessageChannel,
  served: ServedChannel,
  watch: () => () => void = () => () => {},
): ServedChannel {
  const end = () => channel.close();
  const unwatch = watch();
  if (life?.aborted) end();
  life?.addEventListener("abort", end, { once: true });
  return {
    receive: (message) => served.receive(message),
    tooLong: () => served.tooLong(),
    answered: () => served.answered(),
    closed() {
      life?.removeEventListener("abort", end);
      unwatch();
      served.closed();
    },
  };
}

/**
 * A client that offers subprotocols must offer ours: browsers give up a WebSocket that chooses none of theirs, and one
 * that wants to speak something else is in the wrong place.
 */
function protocolFault(protocols: readonly string[] | null): Response | null {
  if (protocols === null) {
    return fault(400, "Sec-WebSocket-Protocol must be a list of different names");
  }
  if (protocols.length === 0 || protocols.includes(MCP)) return null;
  return fault(400, `The subprotocols must have ${MCP} among them`);
}

/** The headers with the one credential that was sent, whichever way. Of two that differ, neither counts. */
function withCredential(headers: Headers, protocols: readonly string[]): Headers {
  const keys = protocols
    .filter((name) => name.startsWith(BEARER))
    .map((name) => toKey(name.slice(BEARER.length)));
  if (keys.length === 0) return headers;
  const result = new Headers(headers);
  const header = headers.get("authorization");
  // A header that carries no key differs from every key.
  const different = new Set(header === null ? keys : [bearerToken(header) ?? "", ...keys]);
  const [key] = different;
  result.delete("authorization");
  if (different.size === 1 && key !== "") result.set("authorization", `Bearer ${key}`);
  return result;
}

/**
 * The key that a subprotocol carries: percent-encoded, because a key may have characters that a subprotocol may not
 * (base64's `/` and `=`). Empty for what is none.
 */
function toKey(encoded: string): string {
  try {
    const key = decodeURIComponent(encoded);
    return /^[\x21-\x7e]+$/.test(key) ? key : "";
  } catch {
    return "";
  }
}
