import type { OAuthToken } from "../../types/oauth.ts";
import type { Owner, VaultActor } from "../../types/vault.ts";
import type { OAuthManager } from "./oauth-manager.ts";
import type { OAuthInstance, OAuthSpecs } from "./oauth-specs.ts";
import type { OAuthAccount } from "./token-keeper.ts";
import type { TokenManager } from "./token-manager.ts";

/** An owner's account, for one plugin object. */
export interface PluginAccount {
  /** @throws what `TokenManager.token` throws */
  token(actor: VaultActor): Promise<OAuthToken>;
  tokenOrNull(actor: VaultActor): Promise<OAuthToken | null>;
  isConnected(): Promise<boolean>;
  /** Says that the provider refuses a token, `null` for whichever is stored; answers where to connect the account again. */
  requireReauth(refused: string | null): Promise<string>;
}

/** Opens accounts for plugin objects, whichever version of an instance they are of. */
export interface PluginAccounts {
  /** @param since when the instance's settings were read, in epoch milliseconds */
  open(instanceId: string, instance: OAuthInstance, owner: Owner, since: number): PluginAccount;
}

export interface PluginAccountsDeps {
  readonly specs: OAuthSpecs;
  readonly tokens: TokenManager;
  readonly manager: OAuthManager;
}

export function createPluginAccounts({
  specs,
  tokens,
  manager,
}: PluginAccountsDeps): PluginAccounts {
  return {
    open(instanceId, instance, owner, since) {
      const account: OAuthAccount = { spec: specs.of(instanceId, instance), owner, since };
      return {
        token: (actor) => tokens.token(account, actor),
        tokenOrNull: (actor) => tokens.tokenOrNull(account, actor),
        isConnected: () => tokens.isConnected(account),
        async requireReauth(refused) {
          const reason = "its plugin says that the provider refuses it";
          await tokens.requireReauth(account, reason, refused);
          const startedBy = `plugin:${instanceId}`;
          const flow = { owner, startedBy };
          return (await manager.initiateFlow(instanceId, flow, "once")).authUrl;
        },
      };
    },
  };
}
