import type { OAuthToken } from "../../types/oauth.ts";
import type { Owner, VaultActor } from "../../types/vault.ts";
import type { OAuthManager } from "./oauth-manager.ts";
import type { OAuthInstance, OAuthSpecs } from "./oauth-specs.ts";
import type { OAuthAccount } from "./token-keeper.ts";
import type { TokenManager } from "./token-manager.ts";
import { isOwnGrant } from "./token-record.ts";

/** An owner's account, for one plugin object. */
export interface PluginAccount {
  /** @throws what `TokenManager.token` throws */
  token(actor: VaultActor): Promise<OAuthToken>;
  tokenOrNull(actor: VaultActor): Promise<OAuthToken | null>;
  isConnected(): Promise<boolean>;
  /**
   * Says that the provider refuses a token, `null` for whichever is stored; answers where to connect the account again; where
   * the client grants to itself, which no person can do again, that is this server's own address.
   */
  requireReauth(refused: string | null): Promise<string>;
}

/** Opens accounts for plugin objects, whichever version of an instance they are of. */
export interface PluginAccounts {
  open(instanceId: string, instance: OAuthInstance, owner: Owner): PluginAccount;
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
    open(instanceId, instance, owner) {
      const account: OAuthAccount = { spec: specs.of(instanceId, instance), owner };
      return {
        token: (actor) => tokens.token(account, actor),
        tokenOrNull: (actor) => tokens.tokenOrNull(account, actor),
        isConnected: () => tokens.isConnected(account),
        async requireReauth(refused) {
          const reason = "its plugin says that the provider refuses it";
          await tokens.requireReauth(account, reason, refused);
          // No person can help: the next token is obtained anew.
          if (isOwnGrant(account.spec)) return specs.publicUrl();
          const startedBy = `plugin:${instanceId}`;
          const flow = { owner, startedBy };
          return (await manager.initiateFlow(instanceId, flow, "once")).authUrl;
        },
      };
    },
  };
}
