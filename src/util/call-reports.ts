/** What holds for the reports of a call on both sides, the plugin's and the server's. */

/** Characters of JSON text in one log message to the client. */
export const MAX_LOG_CHARS = 64 * 1024;

/** Plugins are JavaScript as often as not: what the types promise may not hold. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
