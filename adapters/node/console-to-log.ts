import { format } from "node:util";
import type { Logger } from "../../src/index.ts";

const LEVELS = {
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warn",
  error: "error",
  trace: "debug",
} as const;

/**
 * Sends what a plugin writes to the console into the log. stdout belongs to what was asked for: `--json` promises one
 * line there, and a plugin's habit of `console.log` must not break it.
 */
export function sendConsoleToLog(logger: Logger): void {
  for (const [method, level] of Object.entries(LEVELS)) {
    Object.assign(console, {
      [method]: (...args: unknown[]) => logger[level](format(...args), { from: "console" }),
    });
  }
}
