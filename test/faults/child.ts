import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../helpers/server-process.ts";
import type { Said } from "./acknowledged.ts";

export interface FaultChild {
  /** How it ended, once all that it said was heard: by a signal or with a code. */
  readonly ended: Promise<string | number | null>;
  /** Resolves when it has ended so; rejects with what it wrote to stderr when that was otherwise. */
  readonly assertEnd: (how: "SIGKILL" | 0) => Promise<void>;
  readonly kill: () => void;
  /** From now on it does nothing, and hears of nothing, until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

export interface ChildOptions {
  /** Hears every line in order. */
  readonly onSaid?: (said: Said) => void;
  /** What starts it, where that is not this Node: a shell that sets limits. */
  readonly through?: (argv: readonly string[]) => readonly string[];
}

/** Starts a script of `children/` as a process of its own. */
export function startChild(
  script: string,
  args: readonly string[],
  { onSaid = () => undefined, through = (argv) => argv }: ChildOptions = {},
): FaultChild {
  const path = fileURLToPath(new URL(`children/${script}`, import.meta.url));
  const [command = "", ...rest] = through([process.execPath, path, ...args]);
  const child = spawn(command, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(ROOT, ".cache/node") },
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => onSaid(JSON.parse(line) as Said));
  const heard = new Promise((resolve) => void lines.on("close", resolve));
  const ended = new Promise<string | number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => void heard.then(() => resolve(signal ?? code)));
  });
  return {
    ended,
    async assertEnd(how) {
      const end = await ended;
      if (end !== how) throw new Error(`${script} ended with ${end}, not ${how}: ${complaints}`);
    },
    kill: () => void child.kill("SIGKILL"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}
