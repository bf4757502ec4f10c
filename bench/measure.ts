import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import type { ServerInfo } from "./servers/child.ts";

const CONNECTIONS = 16;
/** Ours ends a connection after 1,000 requests and autocannon does not see that, so it reconnects with everybody. */
const REQUESTS_PER_CONNECTION = 1_000;

export interface Measured {
  readonly callsPerSecond: number;
  /** Microseconds of the server's CPU time. */
  readonly cpuPerCall: number;
  readonly p99Ms: number;
}

export interface Contender {
  readonly name: string;
  measure(call: { method: string; params: object }, seconds: number): Promise<Measured>;
  stop(): void;
}

/** Starts a server of `bench/servers/` in a process of its own. */
export async function startContender(
  name: string,
  script: string,
  env: Record<string, string> = {},
): Promise<Contender> {
  const child = fork(fileURLToPath(new URL(`servers/${script}`, import.meta.url)), {
    env: { ...process.env, ...env },
  });
  const info = await answer<ServerInfo>(child);
  return {
    name,
    async measure(call, seconds) {
      const before = await cpuOf(child);
      const result = await autocannon({
        url: info.url,
        connections: CONNECTIONS,
        duration: seconds,
        reconnectRate: REQUESTS_PER_CONNECTION,
        method: "POST",
        headers: headersOf(call, info.key),
        body: bodyOf(call),
      });
      const used = (await cpuOf(child)) - before;
      if (result.non2xx > 0 || result.errors > 0) {
        throw new Error(`${name}: ${result.non2xx} refusals, ${result.errors} errors`);
      }
      const calls = result["2xx"];
      return {
        callsPerSecond: calls / result.duration,
        cpuPerCall: used / calls,
        p99Ms: result.latency.p99,
      };
    },
    stop: () => void child.send("stop"),
  };
}

function headersOf({ method, params }: { method: string; params: object }, key?: string) {
  const name = (params as { name?: string }).name;
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
}

function bodyOf({ method, params }: { method: string; params: object }): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } });
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const reply = answer<{ cpu: NodeJS.CpuUsage }>(child);
  child.send("cpu");
  const { cpu } = await reply;
  return cpu.user + cpu.system;
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`The server ended with ${code}.`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}
