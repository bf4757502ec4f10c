import {
  compareLogLevel,
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
import {
  messageOf,
  stackOf,
  type LogFields,
  type Logger,
  type LogLine,
  type LogTap,
} from "../../src/index.ts";

export type LogFormat = "json" | "pretty";

/** What is a secret by its look, whoever logs it: our own keys, and what stands behind `Bearer`. */
const SECRETS = /\b(?:mcp[ak]_[A-Za-z0-9_-]{43}|(?<=\bBearer )[A-Za-z0-9._~+/-]{8,}=*)/gi;

type Scrub = (text: string) => string;

export interface LoggingOptions {
  /** Takes known secrets out of a text. */
  readonly scrub?: Scrub;
  /** Where lines go; stderr when left out. */
  readonly write?: (text: string) => void;
  /** Hears of each line, too, as JSON whatever the format. */
  readonly tap?: LogTap;
}

const LEVELS = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warning: "warning",
  error: "error",
  fatal: "error",
} as const satisfies Record<LogLevel, LogLine["level"]>;

/** The log of this process. */
export interface Logging {
  /** Lets through what is of that level or above, from now on. */
  readonly setLevel: (level: LogLevel) => void;
}

/** Sends the log to stderr, as JSON lines or as text for people. stdout belongs to what was asked for. */
export async function configureLogging(
  logFormat: LogFormat,
  level: LogLevel,
  { scrub = asItIs, write = toStderr, tap }: LoggingOptions = {},
): Promise<Logging> {
  let lowest = level;
  const format = createFormatter(logFormat, scrub);
  const toJson = logFormat === "json" ? null : createFormatter("json", scrub);
  // Known secrets first, while they are whole.
  const clean = (text: string) => scrub(text).replace(SECRETS, "[redacted]");
  const stderr = (record: LogRecord) => {
    const text = clean(textOf(record, format));
    write(text);
    if (tap === undefined) return;
    const json = toJson === null ? text : clean(textOf(record, toJson));
    tap.take({ level: LEVELS[record.level], text: json.trimEnd() });
  };
  await configure({
    reset: true,
    sinks: { stderr },
    // A logger's own level cannot be changed without a moment in which nothing is logged.
    filters: { level: (record) => compareLogLevel(record.level, lowest) >= 0 },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: ["mcp"], lowestLevel: "debug", filters: ["level"], sinks: ["stderr"] },
    ],
  });
  return { setLevel: (next) => void (lowest = next) };
}

function createFormatter(format: LogFormat, scrub: Scrub): TextFormatter {
  if (format === "json") return getJsonLinesFormatter({ properties: "flatten" });
  const pretty = getPrettyFormatter({
    timestamp: "time",
    properties: true,
    wordWrap: false,
    sanitize: { newlines: "escape" },
    colors: process.stderr.isTTY && process.stderr.hasColors(),
  });
  return (record) => pretty(scrubRecord(record, scrub));
}

/** Text for people has escapes of its own, in which a secret of several lines or with quotes would not be known again. */
function scrubRecord(record: LogRecord, scrub: Scrub): LogRecord {
  const message = record.message.map((part) => (typeof part === "string" ? scrub(part) : part));
  const fields = JSON.stringify(record.properties);
  const clean = scrub(fields);
  const properties =
    clean === fields ? record.properties : (JSON.parse(clean) as typeof record.properties);
  return { ...record, message, properties };
}

export const flushLogging = dispose;

function asItIs(text: string): string {
  return text;
}

function toStderr(text: string): void {
  process.stderr.write(text);
}

/** The record's text; without its fields when they cannot be written (a cycle, a getter that throws). */
function textOf(record: LogRecord, format: TextFormatter): string {
  try {
    return format(record);
  } catch (error) {
    return format({ ...record, properties: { unreadableFields: messageOf(error) } });
  }
}

/** Names of a line's own members, which no field may take the place of. */
const RESERVED = new Set(["@timestamp", "level", "message", "logger"]);

/**
 * The server's logger over LogTape. Messages are taken literally: what stands in braces is no placeholder. What was
 * bound by `with` stays: a plugin cannot log as another.
 */
export function createLogger(
  logger: TapeLogger = getLogger(["mcp"]),
  bound: LogFields = {},
): Logger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: unknown, fields?: unknown): void => {
      const text = typeof message === "string" ? message : stackOf(message);
      logger[level](text.replaceAll("{", "{{").replaceAll("}", "}}"), {
        ...readFields(fields),
        ...bound,
      });
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createLogger(logger, { ...readFields(fields), ...bound }),
  };
}

/** Never throws, whatever a plugin hands over in place of fields. */
function readFields(fields: unknown): LogFields {
  if (typeof fields !== "object" || fields === null) {
    return fields === undefined ? {} : { field: fields };
  }
  try {
    if (fields instanceof Error) return { error: stackOf(fields) };
    const entries = Object.entries(fields as Record<string, unknown>);
    return Object.fromEntries(
      entries.map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
    );
  } catch (error) {
    return { unreadableFields: messageOf(error) };
  }
}
