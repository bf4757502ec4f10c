import type { ErrorCode } from "../errors.ts";

/** Status and public sentence of every code. The message of an error is for the log and never leaves the server. */
const PROBLEMS = {
  CONFIG_INVALID: [500, "The configuration is not valid."],
  PLUGIN_INVALID: [422, "The plugin is not valid."],
  PLUGIN_STATE: [409, "The plugin is in a state that does not allow this."],
  PLUGIN_TIMEOUT: [504, "The plugin took too long."],
  PLUGIN_UNAVAILABLE: [503, "The plugin is not running."],
  CALL_ABORTED: [499, "The request was cancelled."],
  NOT_CONNECTED: [409, "No account is connected."],
  ROUTE_POLICY: [500, "The server is not set up correctly."],
  UNAUTHENTICATED: [401, "A valid key or token is needed: send it as Authorization: Bearer."],
  TOKEN_INVALID: [401, "The access token is not valid for this server, or not any more."],
  ISSUER_UNAVAILABLE: [503, "The issuer of the access token does not answer. Try again later."],
  FORBIDDEN: [403, "This key or token may not do that."],
  HOST_REFUSED: [403, "This server does not answer to that host name."],
  ORIGIN_REFUSED: [403, "This server does not answer pages of that origin."],
  CSRF_REFUSED: [403, "This was not asked for by a page of this server. Load the page again."],
  NOT_FOUND: [404, "There is nothing here."],
  TOO_MANY_CONNECTIONS: [429, "This client has as many connections open as it may. Close some."],
  RATE_LIMITED: [429, "That was too often. Try again after the time in Retry-After."],
  OVERLOADED: [503, "The server has too much to do right now. Try again in some seconds."],
  BODY_INVALID: [422, "The body of the request is not as it must be."],
  BODY_TOO_LARGE: [413, "The body of the request is too large."],
  OAUTH_UNAVAILABLE: [502, "The account's provider gave no token. Try again later."],
  OUTBOUND_REFUSED: [502, "The server does not send requests there."],
  OUTBOUND_FAILED: [502, "Another server did not answer."],
  OUTBOUND_TOO_LARGE: [502, "Another server answered more than can be used."],
  QUERY_INVALID: [400, "The query of the request is not as it must be."],
  CONFLICT: [409, "Something else has changed it meanwhile. Try again."],
  PRECONDITION_FAILED: [412, "It is not what it was when you read it. Read it again."],
  INSTANCE_LOCKED: [409, "The plugin is locked in the plugins file: change it there."],
  SETTING_FIXED: [409, "The server's environment decides this setting: change it there."],
  INPUT_REQUIRED: [409, "The tool asks for something first."],
  CREDENTIAL_INVALID: [422, "The credential's name or value is not as it must be."],
  CREDENTIAL_NOT_FOUND: [404, "There is no such credential."],
  CREDENTIAL_UNREADABLE: [500, "The stored credential is damaged or not the vault's own."],
  VAULT_KEY_WRONG: [500, "The master key is not the one that the vault was made with."],
  VAULT_UNAVAILABLE: [503, "The storage of credentials does not work right now."],
  BACKUP_INVALID: [422, "The backup is damaged, or the passphrase is another one."],
  AUDIT_UNAVAILABLE: [503, "The use of a secret cannot be recorded right now, so it is refused."],
  UNSAFE_LISTEN: [500, "The server is not set up safely."],
  INTERNAL: [500, "Something went wrong on the server."],
} as const satisfies Record<ErrorCode, readonly [status: number, sentence: string]>;

export function problemStatus(code: ErrorCode): number {
  return PROBLEMS[code][0];
}

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What to do about it, in words of the server's or of a plugin's author; never anything that was sent. */
  readonly detail?: string;
  /** What else its code promises. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An RFC 9457 answer. It tells the code, a fixed sentence and the request id, and nothing of what was sent. */
export function problem(
  code: ErrorCode,
  requestId: string,
  { headers, detail, members }: ProblemOptions = {},
): Response {
  const [status, title] = PROBLEMS[code];
  const type = `urn:mcp-plugin-server:error:${code}`;
  const content = { type, title, status, code, detail, requestId, ...members };
  return new Response(JSON.stringify(content), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
