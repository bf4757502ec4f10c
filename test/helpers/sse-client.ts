import type { JsonRpcAnswer } from "./mcp.ts";
import type { TestApp, TestRequest } from "./test-app.ts";

type Message = Partial<JsonRpcAnswer> & {
  readonly method?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly params?: any;
};

/** A client of HTTP+SSE, event by event. */
export interface SseClient {
  /** The answer to `GET /sse`. */
  readonly response: Response;
  /** Where to post, as the first event says it. */
  readonly address: string;
  /** Posts a message, or any text that is none. */
  post(message: unknown, init?: TestRequest): Promise<Response>;
  /** The next event as it stands in the stream; `null` at its end. */
  nextBlock(): Promise<string | null>;
  /** The next message; `null` at the end of the stream. Comments are passed over. */
  next(): Promise<Message | null>;
  /** Posts a request and reads on until its answer; what comes before goes to `received`. */
  call(method: string, params?: object, id?: unknown): Promise<Message>;
  readonly received: Message[];
  /** Goes through `initialize` and `notifications/initialized`. */
  initialize(capabilities?: object): Promise<Message>;
  /** Closes the stream, as a client does that goes. */
  close(): Promise<void>;
}

/** Opens an event stream and reads its first event. */
export async function openSse(
  app: Pick<TestApp, "request">,
  { key }: Pick<TestRequest, "key"> = {},
): Promise<SseClient> {
  const withKey = key === undefined ? {} : { key };
  const response = await app.request("/sse", withKey);
  if (response.status !== 200) throw new Error(`GET /sse answered ${response.status}`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const received: Message[] = [];
  let buffer = "";
  let lastId = 0;

  async function nextBlock(): Promise<string | null> {
    for (;;) {
      const end = buffer.indexOf("\n\n");
      if (end >= 0) {
        const block = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        return block;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      buffer += value;
    }
  }

  async function next(): Promise<Message | null> {
    for (;;) {
      const block = await nextBlock();
      if (block === null) return null;
      const data = /^event: message\ndata: (.+)$/.exec(block);
      if (data !== null) return JSON.parse(data[1]!) as Message;
      if (!block.startsWith(":")) throw new Error(`Unexpected event: ${block}`);
    }
  }

  const post = (message: unknown, init: TestRequest = {}) =>
    app.request(address, {
      method: "POST",
      body: typeof message === "string" ? message : JSON.stringify(message),
      ...withKey,
      ...init,
      headers: { "content-type": "application/json", ...(init.headers as object) },
    });

  async function call(method: string, params: object = {}, id: unknown = ++lastId) {
    const { status } = await post({ jsonrpc: "2.0", id, method, params });
    if (status !== 202) throw new Error(`POST answered ${status}`);
    for (;;) {
      const message = await next();
      if (message === null) throw new Error(`The stream ended without an answer to ${method}`);
      if (message.id === id && message.method === undefined) return message;
      received.push(message);
    }
  }

  const address = /^event: endpoint\ndata: (.+)$/.exec((await nextBlock()) ?? "")?.[1] ?? "";
  return {
    response,
    address,
    received,
    post,
    nextBlock,
    next,
    call,
    async initialize(capabilities = {}) {
      const clientInfo = { name: "sse-client", version: "1.0.0" };
      const protocolVersion = "2024-11-05";
      const answer = await call("initialize", { protocolVersion, capabilities, clientInfo });
      await post({ jsonrpc: "2.0", method: "notifications/initialized" });
      return answer;
    },
    close: () => reader.cancel(),
  };
}
