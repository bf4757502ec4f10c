import autocannon from "autocannon";
import { WebSocket } from "ws";
import { bodyOf, headersOf, type Call } from "./request.ts";
import type { ServerInfo } from "./servers/child.ts";

const CONNECTIONS = 16;
/** Ours ends a connection after 1,000 requests and autocannon does not see that, so it reconnects with everybody. */
const REQUESTS_PER_CONNECTION = 1_000;

export interface Load {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p99Ms: number;
}

/**
 * Calls over as many kept connections, each without a pause.
 *
 * @throws Error when a single call is refused or lost
 */
export async function loadHttp(info: ServerInfo, call: Call, seconds: number): Promise<Load> {
  const result = await autocannon({
    url: info.url,
    connections: CONNECTIONS,
    duration: seconds,
    reconnectRate: REQUESTS_PER_CONNECTION,
    method: "POST",
    headers: headersOf(call, info.key),
    body: bodyOf(call, 1),
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${info.url}: ${result.non2xx} refusals, ${result.errors} errors`);
  }
  const calls = result["2xx"];
  return { calls, callsPerSecond: calls / result.duration, p99Ms: result.latency.p99 };
}

/** The same over WebSockets. */
export async function loadSockets(info: ServerInfo, call: Call, seconds: number): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const end = begun + seconds * 1_000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => callOverSocket(info, call, end, latencies)),
  );
  const elapsed = (performance.now() - begun) / 1_000;
  const calls = latencies.length;
  const sorted = latencies.toSorted((a, b) => a - b);
  return { calls, callsPerSecond: calls / elapsed, p99Ms: sorted[Math.floor(calls * 0.99)]! };
}

function callOverSocket(
  { url, key }: ServerInfo,
  call: Call,
  end: number,
  latencies: number[],
): Promise<void> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), "mcp", {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    perMessageDeflate: false,
  });
  let id = 0;
  let sent = 0;
  const next = () => {
    sent = performance.now();
    socket.send(bodyOf(call, ++id));
  };
  return new Promise((resolve, reject) => {
    socket.on("open", next);
    socket.on("error", reject);
    socket.on("close", resolve);
    socket.on("message", (data: Buffer) => {
      latencies.push(performance.now() - sent);
      const answer = JSON.parse(data.toString()) as { id?: number; result?: { isError?: boolean } };
      if (answer.id !== id || answer.result === undefined || answer.result.isError === true) {
        reject(new Error(`${url}: ${data.toString()}`));
      } else if (performance.now() < end) next();
      else socket.close();
    });
  });
}
