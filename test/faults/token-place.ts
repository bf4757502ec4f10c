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
  type Vault,
  type VaultStore,
} from "../../src/index.ts";
import type { OAuthGrantStore } from "../../src/types/oauth.ts";
import { assemblePlace } from "./assembled-place.ts";
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
    registered: {
      load: async () => null,
      save: async () => undefined,
      alone: (work) => work(),
    },
  };
}

export interface TokenPlace extends NodePlace {
  readonly tokens: TokenManager;
  readonly grants: OAuthGrantStore;
  readonly account: OAuthAccount;
  readonly client: ReturnType<typeof createOAuthClient>;
}

/** What stands between a token manager and its parts. */
export interface TokenPlaceWraps {
  readonly outbound?: (outbound: Outbound) => Outbound;
  readonly vault?: (vault: Vault) => Vault;
  readonly store?: (store: VaultStore) => VaultStore;
  readonly grants?: (grants: OAuthGrantStore) => OAuthGrantStore;
}

/** The token manager of a process, on the stores of a folder. */
export async function openTokenPlace(
  folder: string,
  issuer: string,
  wraps: TokenPlaceWraps = {},
): Promise<TokenPlace> {
  const { store: wrapStore } = wraps;
  const place =
    wrapStore === undefined
      ? await openPlace(folder, "database")
      : await assemblePlace(folder, "database", ({ store }) => ({ store: wrapStore(store) }));
  const outbound = createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true });
  const client = createOAuthClient({
    outbound: wraps.outbound?.(outbound) ?? outbound,
    time: systemTime,
    logger: SILENT,
  });
  const stored = createOAuthGrantRepository(place.database.db);
  const grants = wraps.grants?.(stored) ?? stored;
  const tokens = new TokenManager({
    vault: wraps.vault?.(place.vault) ?? place.vault,
    grants,
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
    grants,
    client,
    account: { spec: tokenSpec(issuer), owner: "shared" },
    async close() {
      await place.close();
      await outbound.close();
    },
  };
}
