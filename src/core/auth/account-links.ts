import type { Principal } from "../../types/principal.ts";
import { ownerOf } from "../../util/owners.ts";
import type { ConnectDesk } from "../connect-question.ts";
import { asOfNow } from "./connection-now.ts";
import type { OAuthManager } from "./oauth-manager.ts";
import type { OAuthSpecs } from "./oauth-specs.ts";
import type { TokenManager } from "./token-manager.ts";
import type { OAuthGrantStore } from "../../types/oauth.ts";
import type { Owner } from "../../types/vault.ts";

export interface AccountLinksDeps {
  readonly specs: OAuthSpecs;
  readonly manager: OAuthManager;
  readonly tokens: TokenManager;
  readonly grants: OAuthGrantStore;
}

/** Whose account a caller uses, and where they connect it. */
export function createAccountLinks({
  specs,
  manager,
  tokens,
  grants,
}: AccountLinksDeps): ConnectDesk {
  function ownerFor(instanceId: string, principal: Principal): Owner | null {
    return specs.find(instanceId)?.owner === "user" ? ownerOf(principal) : "shared";
  }
  return {
    async linkFor(instanceId, principal) {
      const owner = ownerFor(instanceId, principal);
      const instance = specs.find(instanceId);
      if (owner === null || instance === null) return null;
      const grant = await grants.find(instanceId, owner);
      const flow = { owner, startedBy: principal.id };
      // A client that calls again and again must not take the link away that somebody reads.
      const { authUrl } = await manager.initiateFlow(instanceId, flow, "once");
      return { url: authUrl, reason: (grant && asOfNow(grant, instance).reason) ?? null };
    },
    async isConnected(instanceId, principal) {
      const owner = ownerFor(instanceId, principal);
      const spec = specs.find(instanceId)?.spec;
      if (owner === null || spec === undefined) return false;
      return tokens.isConnected({ spec, owner });
    },
  };
}
