import type { LineLevel, LogLine, LogTap } from "../types/log-tap.ts";
import { EventFeed } from "./event-feed.ts";

/** Each counts more than those before it. */
export const LOG_LEVELS = [
  "debug",
  "info",
  "warning",
  "error",
] as const satisfies readonly LineLevel[];

/** The latest lines of the log, and those that come, for whoever watches. */
export class LogFeed extends EventFeed<LogLine> implements LogTap {
  take(line: LogLine): void {
    this.publish(line);
  }
}
