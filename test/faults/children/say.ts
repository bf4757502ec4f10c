import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Said } from "../acknowledged.ts";

/** At once, so that a kill right after it takes nothing back. */
export function say(said: Said): void {
  const line = Buffer.from(`${JSON.stringify(said)}\n`);
  for (let written = 0; written < line.length;) written += writeSome(line, written);
}

/** Whoever listens may be behind. */
function writeSome(line: Buffer, from: number): number {
  try {
    return writeSync(1, line, from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}

/** Nothing in the vault keeps a process alive that waits; and one that is killed leaves no compiled code to the next. */
export function stayAlive(): () => void {
  flushCompileCache();
  const alive = setInterval(() => undefined, 60_000);
  return () => clearInterval(alive);
}
