/** Extra fields of a log record. Values are serialised as JSON; never put a secret here. */
export type LogFields = Record<string, unknown>;

/** What a plugin and every part of the server log through. Implementations never throw. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its records. */
  with(fields: LogFields): Logger;
}
