import type { LogFields, Logger } from "../../src/index.ts";

export interface LogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps what it is told. */
export function createRecordingLogger(
  records: LogRecord[] = [],
  bound: LogFields = {},
): Logger & { readonly records: LogRecord[] } {
  const write =
    (level: LogRecord["level"]) =>
    (message: string, fields: LogFields = {}) => {
      records.push({ level, message, fields: { ...bound, ...fields } });
    };
  return {
    records,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createRecordingLogger(records, { ...bound, ...fields }),
  };
}
