import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadHttp, loadSockets } from "./load.ts";
import type { Call } from "./request.ts";
import type { ServerInfo } from "./servers/child.ts";

export interface Measured {
  readonly callsPerSecond: number;
  /** Microseconds of the server's CPU time. */
  readonly cpuPerCall: number;
  readonly p99Ms: number;
}

export interface Contender {
  readonly name: string;
  measure(call: Call, seconds: number): Promise<Measured>;
  stop(): void;
}

/** Starts a server of `bench/servers/` in a process of its own. */
export async function startContender(
  name: string,
  script: string,
  { env = {}, over = "http" }: { env?: Record<string, string>; over?: "http" | "websocket" } = {},
): Promise<Contender> {
  const child = fork(fileURLToPath(new URL(`servers/${script}`, import.meta.url)), {
    env: { ...process.env, ...env },
  });
  const info = await answer<ServerInfo>(child);
  const load = over === "http" ? loadHttp : loadSockets;
  return {
    name,
    async measure(call, seconds) {
      const before = await cpuOf(child);
      const { calls, callsPerSecond, p99Ms } = await load(info, call, seconds);
      const used = (await cpuOf(child)) - before;
      return { callsPerSecond, cpuPerCall: used / calls, p99Ms };
    },
    stop: () => void child.send("stop"),
  };
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
