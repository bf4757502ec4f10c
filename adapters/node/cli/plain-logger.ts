import { stackOf, type LogFields, type Logger } from "../../../src/index.ts";
import type { Output } from "./output.ts";

/** The log of a command: what is wrong beside what the command itself says, in one line each. */
export function createPlainLogger({ err }: Pick<Output, "err">, bound: LogFields = {}): Logger {
  const write = (message: string, fields: LogFields = {}) => {
    const { error, ...rest } = { ...fields, ...bound };
    const facts = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
    // The first line of a stack is its message.
    const cause = error === undefined ? [] : [stackOf(error).split("\n", 1)[0]!];
    err(`mcp-plugin-server: ${[message, ...facts, ...cause].join(" ")}\n`);
  };
  return {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: write,
    with: (fields) => createPlainLogger({ err }, { ...bound, ...fields }),
  };
}
