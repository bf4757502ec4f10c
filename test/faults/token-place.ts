import { createNodeOutbound } from "../../adapters/node/outbound.ts";
import { systemTime } from "../../adapters/node/runtime.ts";
import { createOAuthClient, type OAuthClientSpec } from "../../src/core/auth/oauth-client.ts";
import type { OAuthAccount } from "../../src/core/auth/token-keeper.ts";
import { TokenManager } from "../../src/core/auth/token-manager.ts";
import { VaultAudit } from "../../src/core/auth/vault-audit.ts";
import {
  createOAuthGrantRepository,
  createScrubber,
  PUBLIC_ONLY,
  type Outbound,
} from "../../src/index.ts";
import { openPlace, SILENT, type NodePlace } from "./node-place.ts";

export const REDIRECT_URI = "http://localhost:3999/oauth/callback/drive";

function tokenSpec(issuer: string): OAuthClientSpec {
  return {
    instanceId: "drive",
    declared: {
      provider: "custom",
      scopes: ["openid", "offline_access", "read"],
      urls: { issuer },
    },
    settings: { clientId: "public", clientAuth: "none" },
    redirectUri: REDIRECT_URI,
    metadataUrl: "http://localhost:3999/oauth/client/drive",
    secret: async () => null,
    registered: { load: async () => null, save: async () => undefined },
  };
}

export interface TokenPlace extends NodePlace {
  readonly tokens: TokenManager;
  readonly account: OAuthAccount;
  readonly client: ReturnType<typeof createOAuthClient>;
}

/** The token manager of a process, on the stores of a folder. */
export async function openTokenPlace(
  folder: string,
  issuer: string,
  wrap: (outbound: Outbound) => Outbound = (outbound) => outbound,
): Promise<TokenPlace> {
  const place = await openPlace(folder, "database");
  const outbound = createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true });
  const client = createOAuthClient({ outbound: wrap(outbound), time: systemTime, logger: SILENT });
  const tokens = new TokenManager({
    vault: place.vault,
    grants: createOAuthGrantRepository(place.database.db),
    client,
    turns: place.turns,
    audit: new VaultAudit(place.audit, SILENT),
    scrubber: createScrubber(),
    time: systemTime,
    logger: SILENT,
  });
  return {
    ...place,
    tokens,
    client,
    account: { spec: tokenSpec(issuer), owner: "shared" },
    async close() {
      await place.close();
      await outbound.close();
    },
  };
}
