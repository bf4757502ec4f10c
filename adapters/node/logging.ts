import {
  configure,
  dispose,
  getJsonLinesFormatter,
  getLogger,
  type Logger as TapeLogger,
  type LogLevel,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import type { LogFields, Logger } from "../../src/index.ts";

export type LogFormat = "json" | "pretty";

/** What is a secret by its look, whoever logs it: our own keys, and what stands behind `Bearer`. */
const SECRETS = /\b(?:mcp[ak]_[A-Za-z0-9_-]{43}|(?<=\bBearer )[A-Za-z0-9._~+/-]{8,}=*)/gi;

/** Sends the log to stderr, as JSON lines or as text for people. stdout belongs to what was asked for. */
export async function configureLogging(
  logFormat: LogFormat,
  level: LogLevel,
  write: (text: string) => void = (text) => void process.stderr.write(text),
): Promise<void> {
  const format = createFormatter(logFormat);
  const stderr = (record: LogRecord) => write(format(record).replace(SECRETS, "[redacted]"));
  await configure({
    reset: true,
    sinks: { stderr },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: ["mcp"], lowestLevel: level, sinks: ["stderr"] },
    ],
  });
}

function createFormatter(format: LogFormat): TextFormatter {
  return format === "json"
    ? getJsonLinesFormatter({ properties: "flatten" })
    : getPrettyFormatter({
        timestamp: "time",
        properties: true,
        wordWrap: false,
        sanitize: { newlines: "escape" },
        colors: process.stderr.isTTY && process.stderr.hasColors(),
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
