import type { PluginAuthConfig } from "../types/auth.ts";
import type { CallOutcome } from "../types/host.ts";
import type { Principal } from "../types/principal.ts";
import { needsCredentials, needsOwner } from "../util/needs-credentials.ts";
import { ownerOf } from "../util/owners.ts";

/** What the server answers to all calls of a caller, and how far it brings the plugin up nevertheless. */
export interface Held {
  readonly answer: CallOutcome & { kind: "tool-error" };
  /** Where users have objects of their own, another one gives the lists. */
  readonly isInitialized: boolean;
}

/** Why the server would not let the plugin work for this caller; `null` when it would. */
export function heldFor(
  principal: Principal,
  pluginId: string,
  auth: PluginAuthConfig | null,
  credentials: Readonly<Record<string, string>>,
): Held | null {
  if (auth === null) return null;
  const isInitialized = auth.owner === "user";
  const owner = isInitialized ? ownerOf(principal) : "shared";
  if (owner === null) return { answer: needsOwner(pluginId), isInitialized };
  const missing = Object.entries(auth.required ? auth.fields : {}).flatMap(
    ([name, { required, description }]) =>
      required && !Object.hasOwn(credentials, name) ? [{ name, description }] : [],
  );
  if (missing.length === 0) return null;
  return { answer: needsCredentials(pluginId, owner, missing), isInitialized };
}
