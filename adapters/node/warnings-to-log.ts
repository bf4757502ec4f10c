import type { Logger } from "../../src/index.ts";

/** Sends Node's own warnings (a deprecation in a plugin, say) into the log, in the log's format. */
export function sendWarningsToLog(logger: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => logger.warn(message, { warning: name }));
}
