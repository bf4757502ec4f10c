import {
  configure,
  dispose,
  getJsonLinesFormatter,
  getLogger,
  type Logger as TapeLogger,
  type LogLevel,
} from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import type { LogFields, Logger } from "../../src/index.ts";

export type LogFormat = "json" | "pretty";

/** Sends the log to stderr, as JSON lines or as text for people. stdout belongs to what was asked for. */
export async function configureLogging(format: LogFormat, level: LogLevel): Promise<void> {
  const formatter =
    format === "json"
      ? getJsonLinesFormatter({ properties: "flatten" })
      : getPrettyFormatter({ timestamp: "time", properties: true, wordWrap: false });
  await configure({
    reset: true,
    sinks: { stderr: (record) => void process.stderr.write(formatter(record)) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: ["mcp"], lowestLevel: level, sinks: ["stderr"] },
    ],
  });
}

export const flushLogging = dispose;

/** The server's logger over LogTape. Messages are taken literally: what stands in braces is no placeholder. */
export function createLogger(logger: TapeLogger = getLogger(["mcp"])): Logger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: LogFields = {}) =>
      logger[level](message.replaceAll("{", "{{").replaceAll("}", "}}"), fields);
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createLogger(logger.with(fields)),
  };
}
