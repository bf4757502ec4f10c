import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createNodeOutbound, type ResolveAll } from "../../adapters/node/outbound.ts";
import { PUBLIC_ONLY, type OutboundPolicy } from "../../src/index.ts";
import { ANSWERS } from "../core/outbound/corpus.ts";
import { listenOnLoopback } from "./listen.ts";

export interface Refusal {
  readonly code: unknown;
  readonly message: string;
}

/** Somebody on this machine whom nobody may reach. Counts whoever connects, whatever they say. */
export async function openCanary() {
  const canary = { hits: 0, port: 0 };
  const server = createServer((socket) => {
    canary.hits += 1;
    socket.on("error", () => {});
    // Who says nothing that it understands still goes.
    socket.resume();
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  canary.port = (server.address() as AddressInfo).port;
  return { canary, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Answers by the list, and counts how often each name was asked for. */
export function createResolver(answers: Readonly<Record<string, readonly string[]>> = ANSWERS) {
  const asked: string[] = [];
  const resolve: ResolveAll = (hostname, _options, callback) => {
    asked.push(hostname);
    const addresses = answers[hostname];
    if (addresses === undefined) {
      return callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), []);
    }
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { asked, resolve };
}

/** The way out of a process, until the test ends. */
export function openOutbound(policy: Partial<OutboundPolicy> = {}, { resolve } = createResolver()) {
  const outbound = createNodeOutbound({ ...PUBLIC_ONLY, ...policy }, { resolve });
  onTestFinished(() => outbound.close());
  return outbound;
}

/** A server on this machine, until the test ends. Answers its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  const { origin, close } = await listenOnLoopback(createHttpServer(listener));
  onTestFinished(close);
  return origin;
}

/** What a request was refused with. */
export async function refusalOf(asked: Promise<unknown>): Promise<Refusal | "answered"> {
  return asked.then(
    () => "answered" as const,
    (error: unknown) => error as Refusal,
  );
}
