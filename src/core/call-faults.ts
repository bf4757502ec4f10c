import { AppError, type ErrorCode } from "../errors.ts";

/** What a client may know of a failed call beyond that it failed, and what helps. The cause is in the log. */
const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  PLUGIN_TIMEOUT: "took too long and was ended.",
  PLUGIN_UNAVAILABLE: "is not available: its plugin was stopped or is being restarted.",
  OAUTH_UNAVAILABLE:
    "could not get a token: the account's provider gives none right now. Try again in a while; the server's log has the cause.",
  OUTBOUND_REFUSED:
    "was not let out: it asked for an address that plugins do not reach. An administrator can open it with MCP_ALLOW_PRIVATE_ORIGINS; the server's log says which it was.",
  AUDIT_UNAVAILABLE:
    "could not use its credential: the server cannot record its use right now, and gives out none without a record. An administrator can make room for the audit record, or make it writable again; the server's log has the cause.",
  VAULT_UNAVAILABLE:
    "could not use its credential: the server's storage of credentials does not work right now. An administrator can look for the cause in the server's log.",
  CREDENTIAL_UNREADABLE:
    "could not use its credential: the stored one is damaged or not the vault's own. An administrator can find out more with `mcp-plugin-server vault verify`, and store it anew.",
};

/** The sentence for the client. A plugin may have made the error up: it says nothing of what the error says. */
export function describeFault(error: unknown, what: string, requestId: string): string {
  const code = error instanceof AppError ? error.code : null;
  const fault = (code !== null && SENTENCES[code]) || "failed.";
  return `${what} ${fault} Request id: ${requestId}`;
}
