import { onTestFinished } from "vitest";
import type { SocketDecision } from "../../src/index.ts";
import { CLIENT_KEY, createTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";

/** A nonce as the specification's example has it. */
export const NONCE = "dGhlIHNhbXBsZSBub25jZQ==";
export const BEARER = `Bearer ${CLIENT_KEY}`;

const GOOD = {
  host: "localhost:3000",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": NONCE,
};

/** What a test changes about a good request for a WebSocket. */
export interface SocketParts {
  readonly method?: string;
  readonly target?: string;
  /** Over those of a good handshake; `null` leaves one out, a list sends one as often. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Of the socket; nobody knows it when left out. */
  readonly address?: string;
}

/** An app, closed when the test ends. */
export async function openApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await createTestApp(options);
  onTestFinished(() => app.close());
  return app;
}

/** Asks the app for a WebSocket, as its adapter does. */
export function askForSocket(
  app: Pick<TestApp, "openSocket">,
  { method = "GET", target = "/mcp", headers = {}, address }: SocketParts,
): Promise<SocketDecision> {
  const all = new Headers();
  for (const [name, value] of Object.entries({ ...GOOD, ...headers })) {
    for (const each of value === null ? [] : [value].flat()) all.append(name, each);
  }
  return app.openSocket({ method, target, headers: all, address: address ?? null });
}

/** What was answered instead of a WebSocket: the status, and the code where the body has one. */
export async function refusedWith(decision: SocketDecision) {
  if (decision.kind === "accepted") throw new Error("It was accepted.");
  const { response } = decision;
  const body = (await response.json()) as { code?: string };
  return { status: response.status, code: body.code ?? null };
}

export const offering = (...names: string[]) => ({ "sec-websocket-protocol": names.join(", ") });
/** The subprotocol that carries a key. */
export const keyProtocol = (key: string) => `mcp.bearer.${encodeURIComponent(key)}`;

/** A good request but for these headers. */
export const authorized = (headers: SocketParts["headers"] = {}): SocketParts => ({
  headers: { authorization: BEARER, ...headers },
});
