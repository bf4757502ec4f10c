import type { AuditLog } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthFlowStore, OAuthGrantStore } from "../../types/oauth.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { Scrubber } from "../../types/scrubber.ts";
import type { Vault } from "../../types/vault.ts";
import type { ConnectDesk } from "../connect-question.ts";
import { createAccountLinks } from "./account-links.ts";
import type { OAuthClient } from "./oauth-client.ts";
import { OAuthManager } from "./oauth-manager.ts";
import { createClientSecrets } from "./client-secrets.ts";
import { createOAuthSpecs, type OAuthSpecsDeps } from "./oauth-specs.ts";
import { OAuthFlows } from "./oauth-state.ts";
import { createPluginAccounts, type PluginAccounts } from "./plugin-accounts.ts";
import { TokenManager } from "./token-manager.ts";
import { VaultAudit } from "./vault-audit.ts";
import type { Turns } from "./instance-writes.ts";

export interface AccountsDeps {
  readonly flows: OAuthFlowStore;
  readonly grants: OAuthGrantStore;
  readonly client: OAuthClient;
  readonly turns: Turns;
  readonly publicUrl: () => string;
  /** `null` for an instance that is not there, or has no accounts. */
  readonly findInstance: OAuthSpecsDeps["find"];
  readonly vault: Vault;
  readonly audit: AuditLog;
  readonly scrubber: Scrubber;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
}

/** All that has to do with accounts at providers. */
export interface Accounts {
  readonly oauth: OAuthManager;
  /** For plugins. */
  readonly ofPlugins: PluginAccounts;
  /** For calls that fail for want of one. */
  readonly desk: ConnectDesk;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { client, grants, turns, vault, scrubber, sha256, time, logger, publicUrl } = deps;
  const audit = new VaultAudit(deps.audit, logger);
  const secrets = createClientSecrets({ vault, sha256 });
  const specs = createOAuthSpecs({ find: deps.findInstance, vault, secrets, turns, publicUrl });
  const tokens = new TokenManager({ vault, grants, client, turns, audit, scrubber, time, logger });
  const flows = new OAuthFlows({ store: deps.flows, sha256, time });
  const parts = { specs, secrets, flows, tokens, grants, client, audit, logger };
  const manager = new OAuthManager(parts);
  return {
    oauth: manager,
    ofPlugins: createPluginAccounts({ specs, tokens, manager }),
    desk: createAccountLinks({ specs, manager, tokens, grants }),
  };
}
