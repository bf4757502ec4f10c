import type { LogFields, Logger } from "../../src/index.ts";

type Level = "debug" | "info" | "warn" | "error";

/**
 * One JSON line a record: Workers Logs and `wrangler tail` index its fields.
 *
 * @param scrub takes known secrets out of a line
 */
export function createConsoleLogger(
  scrub: (text: string) => string = (text) => text,
  bound: LogFields = {},
): Logger {
  const write =
    (level: Level) =>
    (message: string, fields: LogFields = {}) =>
      // oxlint-disable-next-line no-console -- the console is where a Worker's log is read
      console[level](scrub(toLine({ level, message, ...bound, ...fields })));
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createConsoleLogger(scrub, { ...bound, ...fields }),
  };
}

/** Fields come from plugins, too, and a logger never throws: what JSON cannot say is left out, with a word. */
function toLine(record: { readonly level: Level; readonly message: string }): string {
  try {
    return JSON.stringify(record);
  } catch {
    const { level, message } = record;
    return JSON.stringify({ level, message, unwritable: true });
  }
}
