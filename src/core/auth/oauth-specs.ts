import type { OAuthClientSettings, PluginOAuth } from "../../types/oauth.ts";
import type { Vault } from "../../types/vault.ts";
import type { ClientSecrets } from "./client-secrets.ts";
import type { Turns } from "./instance-writes.ts";
import type { OAuthClientSpec } from "./oauth-client.ts";
import { SYSTEM } from "./vault-audit.ts";

/** What a dynamic registration answered. */
const REGISTRATION_NAME = "$oauth.registration";

/** How an instance authenticates by OAuth. */
export interface OAuthInstance {
  readonly declared: PluginOAuth;
  readonly owner: "shared" | "user";
  readonly settings: OAuthClientSettings;
}

export interface OAuthSpecsDeps {
  /** `null` for an instance that is not there, or has no accounts. */
  readonly find: (instanceId: string) => OAuthInstance | null;
  readonly vault: Vault;
  readonly secrets: Pick<ClientSecrets, "find">;
  readonly turns: Turns;
  /** Where people reach this server: the redirect URI is made of this and of nothing that a request says. */
  readonly publicUrl: () => string;
}

export interface OAuthSpecs {
  of(instanceId: string, instance: OAuthInstance): OAuthClientSpec;
  find(instanceId: string): (OAuthInstance & { readonly spec: OAuthClientSpec }) | null;
  readonly publicUrl: () => string;
}

/** The OAuth clients of all instances, as they are set up now. Secrets are read when they are needed. */
export function createOAuthSpecs({
  find,
  vault,
  secrets,
  turns,
  publicUrl,
}: OAuthSpecsDeps): OAuthSpecs {
  // The client is the instance's, whoever connects an account with it.
  const own = vault.reserved("shared", SYSTEM);
  const decoder = new TextDecoder();
  const of = (instanceId: string, { declared, settings }: OAuthInstance): OAuthClientSpec => ({
    instanceId,
    declared,
    settings,
    // Asked for at each use: where the server listens is known once it does.
    get redirectUri() {
      return `${publicUrl()}/oauth/callback/${instanceId}`;
    },
    get metadataUrl() {
      return `${publicUrl()}/oauth/client/${instanceId}`;
    },
    secret: () => secrets.find({ instanceId, declared, settings }),
    registered: {
      async load() {
        const found = await own.useCredential(instanceId, REGISTRATION_NAME, (bytes) =>
          decoder.decode(bytes),
        );
        return found?.value ?? null;
      },
      save: (json) => own.storeCredential(instanceId, REGISTRATION_NAME, json),
      alone: (work) => turns.run(`oauth-registration ${instanceId}`, work),
    },
  });
  return {
    of,
    publicUrl,
    find(instanceId) {
      const instance = find(instanceId);
      return instance && { ...instance, spec: of(instanceId, instance) };
    },
  };
}
