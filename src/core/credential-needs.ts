import type { MissingCredential } from "../types/auth.ts";
import type { CallOutcome } from "../types/host.ts";
import type { Owner, OwnerVault } from "../types/vault.ts";
import type { AuthConfig } from "./auth-config.ts";

/** The credentials that the plugin cannot do without. */
export function requiredFields(auth: AuthConfig | null): MissingCredential[] {
  if (auth === null || !auth.required) return [];
  return [...auth.fields].flatMap(([name, { required, description }]) =>
    required ? [{ name, description }] : [],
  );
}

/** Those of them that nobody has stored. Looks at names alone, so nothing is recorded. */
export async function findMissing(
  auth: AuthConfig | null,
  instanceId: string,
  credentials: Pick<OwnerVault, "listCredentials">,
): Promise<MissingCredential[]> {
  const required = requiredFields(auth);
  if (required.length === 0) return [];
  const stored = new Set(await credentials.listCredentials(instanceId));
  return required.filter(({ name }) => !stored.has(name));
}

/** What a call is answered that cannot be served without them: which, and what to do. */
export function needsCredentials(
  instanceId: string,
  owner: Owner,
  missing: readonly MissingCredential[],
): CallOutcome {
  const whose = owner === "shared" ? "nobody has stored" : "you have not stored yet";
  const flag = owner === "shared" ? "" : ` --owner ${owner}`;
  const names = missing.map(({ name, description }) => `"${name}" (${description})`);
  return {
    kind: "tool-error",
    message: `"${instanceId}" needs credentials that ${whose}: ${names.join(", ")}. Ask the server's administrator to store them, with \`mcp-plugin-server credentials set ${instanceId} ${missing[0]?.name}${flag}\` or POST /api/auth/credentials, and call again.`,
    data: { plugin: instanceId, owner, missing: missing.map((each) => ({ ...each })) },
  };
}
