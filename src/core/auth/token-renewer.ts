import type { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthGrant, OAuthToken } from "../../types/oauth.ts";
import type { Time } from "../../types/runtime.ts";
import type { GrantedToken, OAuthClient, OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { OTHER_CLIENT } from "./connection-now.ts";
import { TokenBackOff } from "./token-back-off.ts";
import type { OAuthAccount, TokenKeeper } from "./token-keeper.ts";
import { isDue, isGood } from "./token-freshness.ts";
import { changedByOthers, notConnected, notRenewable, unavailable } from "./token-refusals.ts";
import { clientOf, isOwnGrant, TOKEN_NAME, type TokenRecord } from "./token-record.ts";
import { actOn, type VaultAudit, SYSTEM } from "./vault-audit.ts";
import type { Lease } from "./write-leases.ts";

/** What a provider has given and the vault did not take, for the renewal that was noted so. */
interface Unsaved {
  readonly granted: GrantedToken;
  readonly intent: string;
}

/** What is there after saving. */
interface Saved {
  readonly record: TokenRecord;
  readonly grant: OAuthGrant;
}

/** One that is under way. */
interface Renewal {
  readonly token: Promise<OAuthToken>;
  /** Whether it ends with a token that the provider gives now, and not with one that another process was given. */
  readonly isForced: boolean;
}

export interface TokenRenewerDeps {
  readonly keeper: TokenKeeper;
  readonly client: OAuthClient;
  /** Does something with an account while no other process does. */
  readonly alone: <T>(account: OAuthAccount, work: (lease: Lease) => Promise<T>) => Promise<T>;
  readonly audit: VaultAudit;
  readonly time: Time;
  readonly logger: Logger;
}

/** Gets new tokens in the place of those that run out, and keeps them. */
export class TokenRenewer {
  readonly #deps: TokenRenewerDeps;
  readonly #backOff: TokenBackOff;
  readonly #renewals = new Map<string, Renewal>();
  /** It is the only copy. */
  readonly #unsaved = new Map<string, Unsaved>();
  readonly #clients = new WeakMap<OAuthClientSpec, string>();

  constructor(deps: TokenRenewerDeps) {
    this.#deps = deps;
    this.#backOff = new TokenBackOff(deps.time);
  }

  /** Whatever the token is good for, and whatever a failure has put off. */
  async renewNow(account: OAuthAccount): Promise<OAuthToken> {
    const underWay = this.#renewals.get(keyOf(account));
    if (underWay?.isForced === false) await underWay.token.catch(() => {});
    this.#backOff.succeeded(keyOf(account));
    return this.renew(account, true);
  }

  /** Whether a token should be renewed while it is still good. */
  isDue({ spec }: OAuthAccount, record: TokenRecord | null): boolean {
    if (record === null) return false;
    const isRenewable = record.refreshToken !== undefined || isOwnGrant(spec);
    return isRenewable && isDue(record, this.#deps.time.now());
  }

  /** All who come while it is under way get the same. */
  renew(account: OAuthAccount, isForced = false): Promise<OAuthToken> {
    const key = keyOf(account);
    const underWay = this.#renewals.get(key);
    if (underWay !== undefined) return underWay.token;
    const token = this.#renewAlone(account, isForced).finally(() => this.#renewals.delete(key));
    this.#renewals.set(key, { token, isForced });
    return token;
  }

  async #renewAlone(account: OAuthAccount, isForced: boolean): Promise<OAuthToken> {
    const waitMs = this.#backOff.waitMs(keyOf(account));
    if (waitMs > 0)
      throw unavailable(account.spec.instanceId, this.#backOff.reason(keyOf(account)), waitMs);
    const seen = isForced ? ((await this.#deps.keeper.grantOf(account))?.generation ?? 0) : 0;
    return this.#deps.alone(account, async (lease) => {
      await this.#saveUnsaved(account, lease);
      let grant = await this.#deps.keeper.grantOf(account);
      const record = await this.#deps.keeper.load(account, SYSTEM);
      if (record !== null && record.client !== this.clientOf(account)) {
        if (isOwnGrant(account.spec)) return this.#obtain(account, lease, grant, null);
        throw notConnected(account.spec.instanceId, OTHER_CLIENT);
      }
      if (record !== null && (grant === null || record.generation === grant.generation + 1)) {
        // A process died when it had saved them and not said so yet; or they came with a backup.
        grant = await this.#deps.keeper.settle(account, grant, record);
      }
      // Another process may have been quicker.
      const isNew = isForced ? (grant?.generation ?? 0) > seen : !this.isDue(account, record);
      if (
        grant?.status === "connected" &&
        record !== null &&
        isGood(record, this.#deps.time.now()) &&
        isNew
      ) {
        return record;
      }
      if (isOwnGrant(account.spec)) return this.#obtain(account, lease, grant, null);
      if (grant === null) throw notConnected(account.spec.instanceId, "no account is connected");
      if (grant.status === "needs_reauth")
        throw notConnected(account.spec.instanceId, grant.reason);
      if (record?.refreshToken === undefined) {
        if (record !== null && isGood(record, this.#deps.time.now())) {
          throw notRenewable(account.spec.instanceId);
        }
        const reason =
          record === null
            ? "its tokens are gone"
            : "the provider's token has run out, and it gave none to renew it with";
        await this.#deps.keeper.needsPerson(grant, reason);
        throw notConnected(account.spec.instanceId, reason);
      }
      return this.#obtain(account, lease, grant, record);
    });
  }

  /** Asks the provider; the intent is noted before. */
  async #obtain(
    account: OAuthAccount,
    lease: Lease,
    before: OAuthGrant | null,
    record: TokenRecord | null,
  ): Promise<OAuthToken> {
    const { client, audit } = this.#deps;
    const { spec } = account;
    const wasInterrupted = before?.intent !== null && before !== null;
    let grant = before;
    if (grant !== null) {
      grant = await this.#deps.keeper.intend(grant);
      if (grant === null) throw changedByOthers(account.spec.instanceId);
    }
    return audit.change(refreshOf(account), async () => {
      // Whoever has taken this process's place sends the same refresh token, and it may be good for once only.
      lease.assertHeld();
      const answer =
        record === null
          ? await client.clientCredentials(spec)
          : await client.refresh(spec, record.refreshToken!, record.scope);
      if (!answer.ok)
        throw await this.#failed(account, grant, answer.reason, wasInterrupted, record);
      const { refreshToken = record?.refreshToken, ...token } = answer.value.token;
      // Not every provider replaces it.
      const kept = { ...token, ...(refreshToken !== undefined && { refreshToken }) };
      const saved = await this.save(account, lease, grant, { ...answer.value, token: kept }, false);
      return saved.record;
    });
  }

  /**
   * Keeps what the provider has granted.
   *
   * @param before the grant as this process knows it
   * @param isByPerson whether a person has just connected the account, which then takes the place of whatever was there
   * @throws AppError `VAULT_UNAVAILABLE` when somebody else has changed the connection meanwhile
   */
  async save(
    account: OAuthAccount,
    lease: Lease,
    before: OAuthGrant | null,
    granted: GrantedToken,
    isByPerson: boolean,
  ): Promise<Saved> {
    const { time } = this.#deps;
    const now = time.now();
    const record: TokenRecord = {
      ...granted.token,
      client: this.clientOf(account),
      generation: (before?.generation ?? 0) + 1,
      obtainedAt: now,
      connectedAt: isByPerson ? now : (before?.connectedAt ?? now),
      // Another person may have connected another account.
      account: granted.account ?? (isByPerson ? null : (before?.account ?? null)),
      missingScopes: granted.missingScopes,
    };
    const intent = before?.intent ?? null;
    // What a person has granted, they can grant again.
    if (!isByPerson && intent !== null) this.#unsaved.set(keyOf(account), { granted, intent });
    lease.assertHeld();
    await this.#deps.keeper.store(account, record, isByPerson ? undefined : before);
    this.#unsaved.delete(keyOf(account));
    const settled = await this.#settle(account, before, record, isByPerson);
    this.#backOff.succeeded(keyOf(account));
    return settled;
  }

  /** Puts the grant to what was stored, or takes that away again: nobody must take it for the grant's. */
  async #settle(
    account: OAuthAccount,
    before: OAuthGrant | null,
    record: TokenRecord,
    isByPerson: boolean,
  ): Promise<Saved> {
    const { keeper } = this.#deps;
    let grant: OAuthGrant | null;
    try {
      grant = await keeper.settle(account, before, record, isByPerson);
    } catch (error) {
      // The person is told that it did not work. What is renewed is settled later; it is the only copy.
      if (isByPerson) await keeper.withdraw(account, record);
      throw error;
    }
    if (grant !== null) return { record, grant };
    await keeper.withdraw(account, record);
    throw changedByOthers(account.spec.instanceId);
  }

  /** Saves what could not be saved before, unless somebody has connected the account anew, or ended the connection, since. */
  async #saveUnsaved(account: OAuthAccount, lease: Lease): Promise<void> {
    const unsaved = this.#unsaved.get(keyOf(account));
    if (unsaved === undefined) return;
    const grant = await this.#deps.keeper.grantOf(account);
    if (grant?.intent === unsaved.intent) {
      await this.save(account, lease, grant, unsaved.granted, false);
    }
    this.#unsaved.delete(keyOf(account));
  }

  /** What the account's client is called in records (`clientOf`), made once for each specification. */
  clientOf({ spec }: OAuthAccount): string {
    const known = this.#clients.get(spec) ?? clientOf(spec);
    this.#clients.set(spec, known);
    return known;
  }

  /** What to throw. */
  async #failed(
    account: OAuthAccount,
    grant: OAuthGrant | null,
    { kind, reason, retryAfterMs, isDefinite }: OAuthFault,
    wasInterrupted: boolean,
    record: TokenRecord | null,
  ): Promise<AppError> {
    const { logger } = this.#deps;
    const { spec, owner } = account;
    const fields = { instanceId: spec.instanceId, owner, kind, reason };
    const isOver = kind === "invalid-grant" || kind === "denied";
    // Where the client grants to itself, no person can help.
    if (isOver && grant !== null && !isOwnGrant(spec)) {
      const why = wasInterrupted
        ? "an earlier renewal ended without an answer that could be saved, and the provider does not take the old token again"
        : reason;
      logger.warn("An account must be connected again", fields);
      // First, so that nobody gets a token of it once it is said to be over: whoever asks for one reads the record alone.
      if (record !== null) await this.#deps.keeper.expire(account, record, grant);
      await this.#deps.keeper.needsPerson(grant, why);
      return notConnected(account.spec.instanceId, why);
    }
    logger.warn("A token could not be renewed", fields);
    // Where the refresh token is as good as before, nothing of this attempt shall explain what comes later.
    const didNothing = isDefinite === true && !wasInterrupted;
    if (grant !== null) await this.#deps.keeper.noteFailure(grant, reason, didNothing);
    const waitMs = this.#backOff.failed(keyOf(account), reason, retryAfterMs);
    return unavailable(account.spec.instanceId, reason, waitMs);
  }

  /** The newest pair of an account, where the vault did not take it. */
  unsavedOf(account: OAuthAccount): OAuthToken | null {
    return this.#unsaved.get(keyOf(account))?.granted.token ?? null;
  }

  /** What the vault did not take is of an account that is no more. */
  forget(account: OAuthAccount): void {
    this.#unsaved.delete(keyOf(account));
  }
}

function refreshOf({ spec: { instanceId }, owner }: OAuthAccount) {
  return actOn({ owner, instanceId, name: TOKEN_NAME }, SYSTEM, "token.refresh");
}

/** Owners may have any printable characters. */
function keyOf({ spec, owner }: OAuthAccount): string {
  return `${spec.instanceId} ${owner}`;
}
