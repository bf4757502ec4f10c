export type LineLevel = "debug" | "info" | "warning" | "error";

/** A line of the log. */
export interface LogLine {
  readonly level: LineLevel;
  /** The line as JSON, an object, free of the secrets that the log is freed of. */
  readonly text: string;
}

/** Hears of every line of the log. Never throws, and never logs itself. */
export interface LogTap {
  take(line: LogLine): void;
}
