/** Every code an error of ours may carry. `docs/errors.md` explains each; a test keeps the two equal. */
export const ERROR_CODES = [
  "CONFIG_INVALID",
  "PLUGIN_INVALID",
  "PLUGIN_STATE",
  "PLUGIN_TIMEOUT",
  "PLUGIN_UNAVAILABLE",
  "CALL_ABORTED",
  "NOT_CONNECTED",
  "OAUTH_UNAVAILABLE",
  "OUTBOUND_REFUSED",
  "OUTBOUND_FAILED",
  "OUTBOUND_TOO_LARGE",
  "ROUTE_POLICY",
  "UNAUTHENTICATED",
  "TOKEN_INVALID",
  "ISSUER_UNAVAILABLE",
  "FORBIDDEN",
  "HOST_REFUSED",
  "ORIGIN_REFUSED",
  "CSRF_REFUSED",
  "NOT_FOUND",
  "TOO_MANY_CONNECTIONS",
  "RATE_LIMITED",
  "OVERLOADED",
  "BODY_INVALID",
  "BODY_TOO_LARGE",
  "QUERY_INVALID",
  "CONFLICT",
  "PRECONDITION_FAILED",
  "INSTANCE_LOCKED",
  "SETTING_FIXED",
  "INPUT_REQUIRED",
  "CREDENTIAL_INVALID",
  "CREDENTIAL_NOT_FOUND",
  "CREDENTIAL_UNREADABLE",
  "VAULT_KEY_WRONG",
  "VAULT_UNAVAILABLE",
  "BACKUP_INVALID",
  "AUDIT_UNAVAILABLE",
  "UNSAFE_LISTEN",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The one error of the server's own making. Match on `code`, never on the message: the message is for the log,
 * the wire gets the code and a fixed sentence.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A part of what somebody sent that is not as it must be. */
export interface InvalidPlace {
  /** A JSON Pointer (RFC 6901) into it; empty for the whole. */
  readonly pointer: string;
  /** The rule that it breaks, without a word of what stood there. */
  readonly detail: string;
}

/** More places are not named. */
const MAX_PLACES = 20;

/** What somebody sent is not as it must be. The message and the places are for them. */
export class InvalidInput extends AppError {
  readonly places: readonly InvalidPlace[];

  constructor(code: "BODY_INVALID" | "QUERY_INVALID", places: readonly InvalidPlace[]) {
    const named = places.slice(0, MAX_PLACES);
    const isBody = code === "BODY_INVALID";
    const faults = named.map(({ pointer, detail }) =>
      // Members of a query are known by their names.
      isBody ? `${pointer || "/"}: ${detail}` : `${pointer.slice(1)} ${detail}`.trim(),
    );
    super(code, `The ${isBody ? "body" : "query"} is not valid: ${faults.join("; ")}.`);
    this.places = named;
  }
}

/** The message of anything that was thrown. Never throws itself, whatever a plugin has thrown. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "an error that cannot be described";
  }
}

/** The stack of anything that was thrown, or what else there is to say of it, for the log. Never throws itself. */
export function stackOf(error: unknown): string {
  try {
    return String(error instanceof Error ? (error.stack ?? error.message) : error);
  } catch {
    return messageOf(error);
  }
}
