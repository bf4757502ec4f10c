import type { JsonSchema } from "../types/json.ts";
import type { Vault } from "../types/vault.ts";
import type { InstanceStore } from "../types/instances.ts";
import { hideSettings } from "./hidden-settings.ts";
import { decideSettings, settingSources } from "./instance-settings.ts";
import { schemasOf } from "./plugin-admin.ts";
import type { PluginManager } from "./plugin-manager.ts";
import type { RegistryUpdates } from "./registry-updates.ts";

export interface PluginDetailsDeps {
  readonly manager: Pick<PluginManager, "find" | "authOf">;
  readonly updates: Pick<RegistryUpdates, "entries">;
  readonly instances: InstanceStore;
  readonly vault: Pick<Vault, "list">;
}

export type PluginDetails = NonNullable<Awaited<ReturnType<typeof describePlugin>>>;

/**
 * All that is known of an instance but its tools, in a form that may be shown: no secret is in it. `null` when there is none
 * of that id.
 */
export async function describePlugin(id: string, deps: PluginDetailsDeps) {
  const { manager, updates, instances } = deps;
  const stored = (await instances.list()).find((row) => row.id === id);
  const entry = Object.hasOwn(updates.entries, id) ? updates.entries[id] : undefined;
  // Of the very revision that is told, which what runs may not have taken over yet.
  const settings = decideSettings(id, entry, stored);
  const auth = await describeAuth(id, deps);
  const view = manager.find(id);
  if (view === null || settings === null) return null;
  const { status, registered, info, offer, dependents } = view;
  const schemas = schemasOf(view).filter((schema) => schema !== null && schema !== undefined);
  const promised = registered.package?.manifest?.config;
  const configSchema: JsonSchema | null = info?.configSchema ?? promised ?? null;
  return {
    ...status,
    enabled: settings.enabled,
    rev: stored?.rev ?? 0,
    toolPrefix: settings.toolPrefix,
    ...hideSettings(settings.config, schemas),
    configSchema,
    oauth: settings.oauth,
    sources: settingSources(entry, stored),
    dependents,
    auth,
    resources: (offer?.resources ?? []).map(({ definition }) => definition),
    resourceTemplates: (offer?.resourceTemplates ?? []).map(({ definition }) => definition),
    prompts: (offer?.prompts ?? []).map(({ definition }) => definition),
  };
}

/** What an instance needs to know of others, and whether it is stored. */
async function describeAuth(id: string, { manager, vault }: PluginDetailsDeps) {
  const auth = manager.authOf(id);
  if (auth === null) return null;
  const { type, required, owner, fields, oauth } = auth;
  const stored = (await vault.list(id)).filter((each) => each.owner === "shared");
  return {
    type,
    required,
    owner,
    provider: oauth?.provider ?? null,
    fields: [...fields].map(([name, field]) => ({
      name,
      type: field.type,
      required: field.required,
      description: field.description,
      // Where each user has their own, there is no one answer.
      isSet: owner === "user" ? null : stored.some((each) => each.name === name),
    })),
  };
}
