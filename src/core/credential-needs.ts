import type { MissingCredential } from "../types/auth.ts";
import type { OwnerVault } from "../types/vault.ts";
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
