import type { Principal } from "./principal.ts";

/** What carries a channel. */
export type ChannelKind = "sse" | "websocket" | "stdio";

/** How a client is connected: by Streamable HTTP, or by a channel. */
export type TransportKind = "http" | ChannelKind;

/** What of the catalog a request is about. Names are those of the catalog, never a client's own words. */
export interface CallTarget {
  readonly kind: "tool" | "prompt" | "resource";
  /** The public name of a tool or prompt, the URI of a listed resource, or a template's text. */
  readonly name: string;
  readonly instanceId: string;
}

/** One MCP request when it begins. Its arguments are not in it. */
export interface BegunCall {
  /** As the client wrote it, so it may be anything. */
  readonly method: string;
  /** The client's id of it, with which it is answered. */
  readonly rpcId: string | number;
  /** Ours, which the log has, too. */
  readonly requestId: string;
  readonly principal: Principal;
  readonly transport: TransportKind;
  /** The revision of the protocol, as far as it is known by then. */
  readonly revision: string | null;
  /** `null` when the request names nothing, or nothing that its caller has. */
  readonly target: CallTarget | null;
  /** `params._meta` as it was sent: what continues a trace stands in it. */
  readonly meta: unknown;
}

/**
 * How a request ended. `tool-error` is a result that says so of itself; `error` an error of JSON-RPC; `asked` a question to
 * the client, which is to call again with the answers; `cancelled` has no answer.
 */
export type CallEnd =
  | { readonly outcome: "ok" | "tool-error" | "asked" | "cancelled" }
  | { readonly outcome: "error"; readonly code: number };

/** A request under way. */
export interface ObservedCall {
  /** Does the work of the request, so that what is traced on the way becomes part of its trace. */
  run<T>(work: () => T): T;
  /** Called once. */
  end(end: CallEnd): void;
}

/** Hears of every MCP request and every channel, whatever the transport. Nothing here throws, or makes a call wait. */
export interface CallObserver {
  begin(call: BegunCall): ObservedCall;
  /** A channel was opened; the answer is called when it has closed. */
  opened(transport: ChannelKind, principal: Principal): () => void;
}
