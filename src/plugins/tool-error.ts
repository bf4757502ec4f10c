/**
 * Tells the model what went wrong, in words it can act on. The message is the only text of an error that reaches a
 * client; the message of any other error stays in the log.
 */
export class ToolError extends Error {
  override readonly name = "ToolError";
  /** Structured details for the model; any JSON value. */
  readonly data: unknown;

  constructor(message: string, options?: { data?: unknown; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.data = options?.data;
  }
}
