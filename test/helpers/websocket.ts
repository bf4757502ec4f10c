import { WebSocket, type ClientOptions } from "ws";
import { noteOutput } from "./canary.ts";
import { REVISION, type JsonRpcAnswer } from "./mcp.ts";

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly params?: any;
}

/** How a WebSocket ended. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A client of a WebSocket, message by message. */
export interface SocketClient {
  readonly ws: WebSocket;
  /** What came and was no answer to `request`. */
  readonly received: (Message & JsonRpcAnswer)[];
  readonly closed: Promise<SocketEnd>;
  send(message: object | string): void;
  /** Sends a request of 2026-07-28, unless it is to be `bare`, and resolves with its answer. */
  request(
    method: string,
    params?: Record<string, unknown>,
    options?: RequestOptions,
  ): Promise<JsonRpcAnswer>;
  notify(method: string, params?: Record<string, unknown>): void;
  /** Waits for a message that holds. */
  until(holds: (message: Message & JsonRpcAnswer) => boolean): Promise<Message & JsonRpcAnswer>;
  close(): Promise<SocketEnd>;
}

export interface RequestOptions {
  readonly id?: string | number;
  /** Without the envelope, as the 2025 era sends it. */
  readonly bare?: boolean;
  readonly meta?: Record<string, unknown>;
  readonly capabilities?: Record<string, unknown>;
}

export interface SocketOptions extends ClientOptions {
  /** The key to send as `Authorization: Bearer`; none when left out. */
  readonly authorizedBy?: string;
  /** The subprotocols to offer; `mcp` when left out. */
  readonly protocols?: readonly string[];
}

/** Opens one. Rejects with what the server said instead, such as `Unexpected server response: 401`. */
export async function openSocket(
  url: string,
  { authorizedBy, protocols = ["mcp"], ...options }: SocketOptions = {},
): Promise<SocketClient> {
  const headers = {
    ...(authorizedBy !== undefined && { authorization: `Bearer ${authorizedBy}` }),
    ...options.headers,
  };
  const ws = new WebSocket(url.replace(/^http/, "ws"), [...protocols], { ...options, headers });
  const received: (Message & JsonRpcAnswer)[] = [];
  const waiting = new Set<(message: Message & JsonRpcAnswer) => boolean>();
  const closed = new Promise<SocketEnd>((resolve) =>
    ws.once("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  ws.on("message", (data) => {
    const text = (data as Buffer).toString("utf8");
    noteOutput("answer", text);
    const message = JSON.parse(text) as Message & JsonRpcAnswer;
    for (const take of waiting) {
      if (!take(message)) continue;
      waiting.delete(take);
      return;
    }
    received.push(message);
  });
  await new Promise<void>((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("error", reject);
  });
  ws.on("error", () => {});

  let lastId = 0;
  const send = (message: object | string) =>
    ws.send(typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message }));
  const until: SocketClient["until"] = (holds) => {
    const at = received.findIndex(holds);
    if (at >= 0) return Promise.resolve(received.splice(at, 1)[0]!);
    const found = new Promise<Message & JsonRpcAnswer>((resolve, reject) => {
      waiting.add((message) => {
        if (!holds(message)) return false;
        resolve(message);
        return true;
      });
      void closed.then(({ code, reason }) => reject(new Error(`Closed: ${code} ${reason}`)));
    });
    // A test need not wait for what it ends itself.
    found.catch(() => {});
    return found;
  };
  return {
    ws,
    received,
    closed,
    send,
    until,
    request(method, params = {}, { id = ++lastId, bare = false, ...said } = {}) {
      send({ id, method, params: bare ? params : { ...params, _meta: envelope(said) } });
      return until((message) => message.id === id && message.method === undefined);
    },
    notify: (method, params = {}) => send({ method, params }),
    close() {
      ws.close();
      return closed;
    },
  };
}

/** What a request of 2026-07-28 says of its client. */
export function envelope({ meta, capabilities = {} }: RequestOptions = {}): Record<
  string,
  unknown
> {
  return {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": { name: "test-client", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
    ...meta,
  };
}

/** Goes through `initialize` of the 2025 era, after which requests are `bare`. */
export async function initialize(
  client: SocketClient,
  capabilities: Record<string, unknown> = {},
): Promise<JsonRpcAnswer> {
  const answer = await client.request(
    "initialize",
    {
      protocolVersion: "2025-11-25",
      capabilities,
      clientInfo: { name: "old-client", version: "1.0.0" },
    },
    { bare: true, id: "initialize" },
  );
  client.notify("notifications/initialized");
  return answer;
}
