import { createWorker } from "../../adapters/workers/index.ts";
import type { BundledPlugins, WorkerEnv } from "../../adapters/workers/index.ts";
import type { JsonRpcAnswer } from "../helpers/mcp.ts";

export const ORIGIN = "https://mcp.example.org";
export const CLIENT_KEY = "mcpk_workers_test_client_key_0123456789";
export const ADMIN_TOKEN = "mcpa_workers_test_admin_token_012345678";
export const MASTER_KEY = "0123456789abcdef".repeat(4);

/** What vitest.config.ts binds the Worker of wrangler.toml to. */
export const ENV = {
  PUBLIC_URL: ORIGIN,
  MCP_CLIENT_KEY: CLIENT_KEY,
  MCP_ADMIN_TOKEN: ADMIN_TOKEN,
  MCP_MASTER_KEY: MASTER_KEY,
} as const satisfies WorkerEnv;

type RequestOptions = RequestInit & { readonly key?: string | null };
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends requests to a Worker, with the client's key unless another one or none is asked for. */
export function clientOf(fetch: Fetch) {
  return {
    request(path: string, { key = CLIENT_KEY, ...init }: RequestOptions = {}): Promise<Response> {
      const headers = new Headers(init.headers);
      if (key !== null) headers.set("authorization", `Bearer ${key}`);
      return fetch(new URL(path, ORIGIN).href, { ...init, headers });
    },
  };
}

/** A Worker of its own, called as the runtime calls it. */
export function ownWorker(options: BundledPlugins, env: WorkerEnv = ENV) {
  const worker = createWorker(options);
  const background: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void background.push(work) };
  return {
    background,
    ...clientOf((url, init) => worker.fetch(new Request(url, init), env, context)),
  };
}

/** A 2025-11-25 request as a client of that era sends it, to a server without sessions. */
export function legacyRequest(method: string, params: Record<string, unknown> = {}): RequestInit {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(method !== "initialize" && { "mcp-protocol-version": "2025-11-25" }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}

export interface Message extends Partial<JsonRpcAnswer> {
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/** The messages of an event stream, each as soon as it has arrived. */
export async function* eventsOf(response: Response): AsyncGenerator<Message> {
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.+)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as Message;
    }
  }
}

/** The answer, the last message of an event stream. */
export async function answerOf(response: Response): Promise<Message> {
  let last: Message | null = null;
  for await (const message of eventsOf(response)) last = message;
  if (last === null) throw new Error("The stream ended without an answer.");
  return last;
}
