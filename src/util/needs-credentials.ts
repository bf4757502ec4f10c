import type { MissingCredential } from "../types/auth.ts";
import type { CallOutcome } from "../types/host.ts";
import type { Owner } from "../types/vault.ts";

/** What a call is answered that cannot be served without them: which, and what to do. */
export function needsCredentials(
  instanceId: string,
  owner: Owner,
  missing: readonly MissingCredential[],
): CallOutcome & { kind: "tool-error" } {
  const whose = owner === "shared" ? "nobody has stored" : "you have not stored yet";
  const flag = owner === "shared" ? "" : ` --owner ${owner}`;
  const names = missing.map(({ name, description }) => `"${name}" (${description})`);
  return {
    kind: "tool-error",
    message: `"${instanceId}" needs credentials that ${whose}: ${names.join(", ")}. Ask the server's administrator to store them, with \`mcp-plugin-server credentials set ${instanceId} ${missing[0]?.name}${flag}\` or POST /api/auth/credentials, and call again.`,
    data: { plugin: instanceId, owner, missing: missing.map((each) => ({ ...each })) },
  };
}

/** The same for a caller who can have none of its own. */
export function needsOwner(instanceId: string): CallOutcome & { kind: "tool-error" } {
  const message = `"${instanceId}" serves callers with credentials of their own.`;
  return { kind: "tool-error", message };
}
