import { InstanceWrites } from "../../src/core/auth/instance-writes.ts";
import type { OAuthAccount } from "../../src/core/auth/token-keeper.ts";
import { TokenManager, type TokenManagerDeps } from "../../src/core/auth/token-manager.ts";
import { VaultAudit } from "../../src/core/auth/vault-audit.ts";
import { WriteLeases } from "../../src/core/auth/write-leases.ts";
import { createMemoryOAuthGrants, createScrubber, type AuditEntry } from "../../src/index.ts";
import { createFakeTime } from "./fake-time.ts";
import { createRecordingLogger } from "./logger.ts";
import { createProviderScript, PROVIDER_SPEC } from "./provider-script.ts";
import { createVaultPlace, openTestVault, TEST_ACTOR } from "./vault.ts";

export const HOUR = 3_600_000;
export const MINUTE = 60_000;
export const account: OAuthAccount = { spec: PROVIDER_SPEC, owner: "shared" };

/** The token manager of one process. `beside` gives another process with the same stores and provider. */
export async function openManager(
  shared = { place: createVaultPlace(), grants: createMemoryOAuthGrants(), time: createFakeTime() },
  lifetimeMs = HOUR,
  provider = createProviderScript(() => shared.time.now(), lifetimeMs),
) {
  const { place, grants, time } = shared;
  const { vault, audit } = await openTestVault({ ...place, time });
  const logger = createRecordingLogger();
  const scrubber = createScrubber();
  const recorded: AuditEntry[] = [];
  const log = {
    async record(entry: AuditEntry) {
      recorded.push(entry);
      await audit.record(entry);
    },
  };
  const make = (
    over: Partial<Pick<TokenManagerDeps, "vault" | "grants" | "time" | "turns">> = {},
  ) =>
    new TokenManager({
      vault,
      grants,
      client: provider.client,
      turns: new InstanceWrites(new WriteLeases(place.store, over.time ?? time)),
      audit: new VaultAudit(log, logger),
      scrubber,
      logger,
      time,
      ...over,
    });
  return {
    ...shared,
    tokens: make(),
    make,
    vault,
    scrubber,
    recorded,
    provider,
    /** Lets time pass until something has come to its end. */
    async passing<T>(work: Promise<T>): Promise<T> {
      const state = { isOver: false };
      void work.finally(() => (state.isOver = true)).catch(() => undefined);
      while (!state.isOver) await time.advance(25);
      return work;
    },
    beside: () => openManager(shared, lifetimeMs, provider),
    token: (manager: TokenManager) => manager.token(account, TEST_ACTOR),
  };
}

/** For a connection that nothing is against. */
export const unhindered = () => Promise.resolve(null);

/** What a record of tokens has beside them, where a test does not care. */
export const RECORD_FACTS = { client: "c", connectedAt: 1, account: null, missingScopes: [] };

/** With a connected account. */
export async function openConnected() {
  const opened = await openManager();
  await opened.tokens.connect(account, opened.provider.first(), unhindered);
  return opened;
}
