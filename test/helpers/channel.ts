import { vi } from "vitest";
import type { App } from "../../src/index.ts";
import type { ServedChannel } from "../../src/types/channel.ts";
import { noteOutput } from "./canary.ts";
import { modernRequest, type JsonRpcAnswer } from "./mcp.ts";

export interface TestChannel extends ServedChannel {
  /** Everything that the server has sent, in its order. */
  readonly sent: readonly string[];
  isClosed(): boolean;
  /** Sends a message as it is and waits for the next that comes back. */
  ask(text: string): Promise<string>;
  /** Sends a 2026-07-28 request and waits for its answer, whatever else comes before it. */
  request(
    method: string,
    params?: Record<string, unknown>,
    options?: Parameters<typeof modernRequest>[2],
  ): Promise<JsonRpcAnswer>;
}

/** A channel in memory, served as that of a client that has started the server. */
export function openChannel(app: Pick<App, "serveLocal">): TestChannel {
  const sent: string[] = [];
  let closed = false;
  let lastId = 0;
  const served = app.serveLocal({
    async send(message) {
      noteOutput("answer", message);
      sent.push(message);
    },
    close: () => (closed = true),
  })!;
  const next = (holds: (text: string) => boolean, from: number) =>
    vi.waitFor(
      () => {
        const text = sent.slice(from).find(holds);
        if (text === undefined) throw new Error("Nothing has come back.");
        return text;
      },
      { timeout: 5_000, interval: 1 },
    );
  return {
    sent,
    receive: (message) => served.receive(message),
    tooLong: () => served.tooLong(),
    closed: () => served.closed(),
    answered: () => served.answered(),
    isClosed: () => closed,
    async ask(text) {
      const from = sent.length;
      served.receive(text);
      return next(() => true, from);
    },
    async request(method, params, options) {
      const id = options?.id ?? ++lastId;
      const from = sent.length;
      served.receive(modernRequest(method, params, { ...options, id }).body);
      const isAnswer = (text: string) => {
        const message = JSON.parse(text) as Record<string, unknown>;
        return message["id"] === id && !("method" in message);
      };
      return JSON.parse(await next(isAnswer, from)) as JsonRpcAnswer;
    },
  };
}

/** A channel whose client speaks 2026-07-28, and has shown it. */
export async function openModernChannel(app: Pick<App, "serveLocal">): Promise<TestChannel> {
  const channel = openChannel(app);
  // With its first request the SDK binds a channel to the era, and only after that there is a short way.
  await channel.request("tools/list");
  await channel.request("tools/list");
  return channel;
}
