import { inspect } from "node:util";
import type { LogFields, Logger } from "../../src/index.ts";
import { IS_SWEEP, noteOutput } from "./canary.ts";

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
      const record = { level, message, fields: { ...bound, ...fields } };
      records.push(record);
      if (IS_SWEEP) noteOutput("log", inspect(record, { depth: 10, maxStringLength: null }));
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
