import type { JsonRpcAnswer } from "./mcp.ts";
import { readSse, type SseReader } from "./sse.ts";
import type { TestApp, TestRequest } from "./test-app.ts";

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly params?: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly result?: any;
}

export interface SessionOptions {
  readonly version?: string;
  readonly key?: string;
  readonly capabilities?: Record<string, unknown>;
  /** What the client answers to requests of the server, by method. */
  readonly answers?: Readonly<Record<string, (params: never) => unknown>>;
}

/** A client of the 2025 era, message by message. */
export interface SessionClient {
  /** The session's id; `null` from a server that keeps none. */
  readonly id: string | null;
  /** What `initialize` answered. */
  readonly initialized: JsonRpcAnswer;
  /** Requests and notifications that came on the streams of calls. */
  readonly received: Message[];
  /** Sends any message as the session's client. */
  post(message: Message, init?: TestRequest): Promise<Response>;
  /** Any other request as the session's client. */
  send(init: TestRequest): Promise<Response>;
  /** Sends a request, answers what the server asks meanwhile, and resolves with its answer. */
  call(method: string, params?: Record<string, unknown>, id?: unknown): Promise<JsonRpcAnswer>;
  notify(method: string, params?: Record<string, unknown>): Promise<Response>;
  /** The stream of what belongs to no call. */
  listen(lastEventId?: string): Promise<SseReader>;
}

/** Goes through `initialize` and `notifications/initialized`. */
export async function openSession(
  app: Pick<TestApp, "request">,
  { version = "2025-11-25", key, capabilities = {}, answers = {} }: SessionOptions = {},
): Promise<SessionClient> {
  let sessionId: string | null = null;
  let negotiated = version;
  let lastId = 0;
  const received: Message[] = [];

  const send = (init: TestRequest) => {
    const headers = new Headers(init.headers);
    if (!headers.has("accept")) headers.set("accept", "application/json, text/event-stream");
    if (init.body !== undefined) headers.set("content-type", "application/json");
    if (sessionId !== null && !headers.has("mcp-session-id"))
      headers.set("mcp-session-id", sessionId);
    if (lastId > 1 && !headers.has("mcp-protocol-version"))
      headers.set("mcp-protocol-version", negotiated);
    return app.request("/mcp", { ...(key !== undefined && { key }), ...init, headers });
  };
  const post = (message: Message, init?: TestRequest) =>
    send({ method: "POST", body: JSON.stringify({ jsonrpc: "2.0", ...message }), ...init });

  async function call(method: string, params?: Record<string, unknown>, id: unknown = ++lastId) {
    const response = await post({ id, method, ...(params && { params }) });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      return (await response.json()) as JsonRpcAnswer;
    }
    sessionId = response.headers.get("mcp-session-id") ?? sessionId;
    const stream = readSse(response);
    for (;;) {
      const message = (await stream.next()) as Message | null;
      if (message === null) throw new Error(`The stream ended without an answer to ${method}.`);
      if (message.id === id && message.method === undefined) return message as JsonRpcAnswer;
      received.push(message);
      if (message.id === undefined) continue;
      const result = answers[message.method!]!(message.params as never);
      await post({ id: message.id, result });
    }
  }

  const clientInfo = { name: "old-client", version: "1.0.0" };
  const initialized: JsonRpcAnswer = await call("initialize", {
    protocolVersion: version,
    capabilities,
    clientInfo,
  });
  negotiated = initialized.result?.protocolVersion ?? version;
  const notify = (method: string, params?: Record<string, unknown>) =>
    post({ method, ...(params && { params }) });
  lastId++;
  await notify("notifications/initialized");
  return {
    id: sessionId,
    initialized,
    received,
    post,
    send,
    call,
    notify,
    async listen(lastEventId) {
      const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
      return readSse(await send({ method: "GET", headers }));
    },
  };
}
