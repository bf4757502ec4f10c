import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthGrant, OAuthToken } from "../../types/oauth.ts";
import type { Time } from "../../types/runtime.ts";
import type { VaultActor } from "../../types/vault.ts";
import type { GrantedToken, OAuthClient, OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { TokenBackOff } from "./token-back-off.ts";
import {
  TokenKeeper,
  type AccountName,
  type OAuthAccount,
  type TokenKeeperDeps,
} from "./token-keeper.ts";
import { isDue, isGood } from "./token-freshness.ts";
import { changedByOthers, notConnected, unavailable } from "./token-refusals.ts";
import { clientOf, TOKEN_NAME, type TokenRecord } from "./token-record.ts";
import { actOn, type VaultAudit } from "./vault-audit.ts";
import type { Turns } from "./instance-writes.ts";
import type { Lease } from "./write-leases.ts";

/** Who refuses a token that is not older than that would refuse the next one, too. */
const FRESH_MS = 60_000;
const SYSTEM: VaultActor = { actor: "system", requestId: null };

/** What a provider has given and the vault did not take, for the renewal that was noted so. */
interface Unsaved {
  readonly granted: GrantedToken;
  readonly intent: string;
}

export interface TokenManagerDeps extends TokenKeeperDeps {
  readonly client: OAuthClient;
  /** One at a time, among all processes: a refresh token that two send is lost with strict providers. */
  readonly turns: Turns;
  readonly audit: VaultAudit;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Keeps tokens good. For each account one request at a time goes to the provider, from all callers of all processes that
 * share a database. What the provider answers is saved before anybody gets it; that a refresh token has been sent is noted
 * before, so that a process which dies in between leaves a trace: with a provider that takes each refresh token once, the
 * next attempt is refused, and a person is asked for.
 */
export class TokenManager {
  readonly #deps: TokenManagerDeps;
  readonly #keeper: TokenKeeper;
  readonly #backOff: TokenBackOff;
  readonly #renewals = new Map<string, Promise<OAuthToken>>();
  /** What a provider has given and the vault did not take. It is the only copy. */
  readonly #unsaved = new Map<string, Unsaved>();
  readonly #clients = new WeakMap<OAuthClientSpec, string>();

  constructor(deps: TokenManagerDeps) {
    this.#deps = deps;
    this.#keeper = new TokenKeeper(deps);
    this.#backOff = new TokenBackOff(deps.time);
  }

  /**
   * The account's token, with its refresh token, good for another minute at least (for a quarter of its life, if that is shorter).
   *
   * @throws AppError `NOT_CONNECTED` when a person must connect the account; `OAUTH_UNAVAILABLE` when the provider does not
   * answer as it should, and what the vault throws
   */
  async token(account: OAuthAccount, actor: VaultActor): Promise<OAuthToken> {
    const record = await this.#keeper.load(account, actor);
    const isOurs = record?.client === this.#clientOf(account);
    if (record === null || !isOurs || !isGood(record, this.#deps.time.now()))
      return this.#renew(account);
    if (isDue(record, this.#deps.time.now())) {
      this.#renew(account).catch(() => {
        // It is in the log, and this one is good for a while.
      });
    }
    return record;
  }

  /** As `token`; `null` where a person must connect the account. */
  async tokenOrNull(account: OAuthAccount, actor: VaultActor): Promise<OAuthToken | null> {
    try {
      return await this.token(account, actor);
    } catch (error) {
      if (error instanceof AppError && error.code === "NOT_CONNECTED") return null;
      throw error;
    }
  }

  /** Whether a token could be had without a person, as far as is known. Touches no secret. */
  async isConnected(account: OAuthAccount): Promise<boolean> {
    const grant = await this.#keeper.grantOf(account);
    return grant === null ? isOwnGrant(account.spec) : grant.status === "connected";
  }

  /** Gets a new token now, whatever the old one is good for. */
  refresh(account: OAuthAccount): Promise<OAuthToken> {
    this.#backOff.succeeded(keyOf(account));
    return this.#renew(account, true);
  }

  /** Saves what a person has granted, in the place of whatever was there. */
  async connect(account: OAuthAccount, granted: GrantedToken): Promise<OAuthGrant> {
    return this.#alone(account, async (lease) => {
      const before = await this.#keeper.grantOf(account);
      this.#unsaved.delete(keyOf(account));
      await this.#save(account, lease, before, granted, true);
      this.#backOff.succeeded(keyOf(account));
      return (await this.#keeper.grantOf(account))!;
    });
  }

  /**
   * Takes note that a token which looks good is refused. One that can be renewed is, at its next use; a person is needed where
   * it cannot, or was just now.
   */
  async requireReauth(account: OAuthAccount, reason: string): Promise<void> {
    await this.#alone(account, async () => {
      const grant = await this.#keeper.grantOf(account);
      const record = await this.#keeper.load(account, SYSTEM);
      const age = record === null ? 0 : this.#deps.time.now() - record.obtainedAt;
      const canRenew = record?.refreshToken !== undefined && age >= FRESH_MS;
      // So that the next look at it, which reads the record alone, finds that out.
      if (record !== null) await this.#keeper.expire(account, record, grant);
      if (grant?.status === "connected" && !canRenew) {
        await this.#keeper.needsPerson(grant, reason);
      }
    });
  }

  /** Takes the grant back at the provider, if it lets us, and deletes all that is kept of it, in any case. */
  async revoke(
    account: OAuthAccount,
    actor: VaultActor,
  ): Promise<"revoked" | "unsupported" | "failed" | "absent"> {
    const { client, audit } = this.#deps;
    const { spec } = account;
    return this.#alone(account, async () => {
      const record = await this.#keeper.load(account, actor);
      const grant = await this.#keeper.grantOf(account);
      if (record === null && grant === null) return "absent";
      return audit.change(
        this.#act(account, actor, "token.revoke"),
        async () => {
          // The provider may have given a newer pair, which the vault did not take.
          const newest = this.#unsaved.get(keyOf(account))?.granted.token ?? record;
          const isOurs = record?.client === this.#clientOf(account);
          const answer = isOurs && newest !== null ? await client.revoke(spec, newest) : "failed";
          await this.#keeper.forget(nameOf(account), actor);
          this.#unsaved.delete(keyOf(account));
          return answer;
        },
        (provider) => ({ provider }),
      );
    });
  }

  /**
   * Deletes what is kept of a connection that no instance uses any more. The provider is not asked: nobody knows by which
   * client.
   */
  async forget(name: AccountName, actor: VaultActor): Promise<"not-asked" | "absent"> {
    const { audit, grants } = this.#deps;
    return this.#exclusive(name, async () => {
      if ((await grants.find(name.instanceId, name.owner)) === null) return "absent";
      const act = actOn({ ...name, name: TOKEN_NAME }, actor, "token.revoke");
      return audit.change(
        act,
        async () => {
          await this.#keeper.forget(name, actor);
          return "not-asked" as const;
        },
        (provider) => ({ provider }),
      );
    });
  }

  /** All who come while it is under way get the same. */
  #renew(account: OAuthAccount, isForced = false): Promise<OAuthToken> {
    const key = keyOf(account);
    const running = this.#renewals.get(key);
    if (running !== undefined) return running;
    const renewal = this.#renewAlone(account, isForced).finally(() => this.#renewals.delete(key));
    this.#renewals.set(key, renewal);
    return renewal;
  }

  async #renewAlone(account: OAuthAccount, isForced: boolean): Promise<OAuthToken> {
    const waitMs = this.#backOff.waitMs(keyOf(account));
    if (waitMs > 0)
      throw unavailable(account.spec.instanceId, this.#backOff.reason(keyOf(account)), waitMs);
    const seen = isForced ? ((await this.#keeper.grantOf(account))?.generation ?? 0) : 0;
    return this.#alone(account, async (lease) => {
      await this.#saveUnsaved(account, lease);
      let grant = await this.#keeper.grantOf(account);
      const record = await this.#keeper.load(account, SYSTEM);
      if (record !== null && record.client !== this.#clientOf(account)) {
        if (isOwnGrant(account.spec)) return this.#obtain(account, lease, grant, null);
        const reason = "its provider or client is another one now";
        if (grant !== null) await this.#keeper.needsPerson(grant, reason);
        throw notConnected(account.spec.instanceId, reason);
      }
      if (record !== null && (grant === null || record.generation === grant.generation + 1)) {
        // A process died when it had saved them and not said so yet; or they came with a backup.
        grant = await this.#keeper.settle(account, grant, record);
      }
      // Another process may have been quicker.
      const isNew = isForced
        ? (grant?.generation ?? 0) > seen
        : !isDue(record, this.#deps.time.now());
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
        const reason =
          record === null
            ? "its tokens are gone"
            : "the provider's token has run out, and it gave none to renew it with";
        await this.#keeper.needsPerson(grant, reason);
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
      grant = await this.#keeper.intend(grant);
      if (grant === null) throw changedByOthers(account.spec.instanceId);
    }
    return audit.change(this.#act(account, SYSTEM, "token.refresh"), async () => {
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
      return this.#save(account, lease, grant, { ...answer.value, token: kept }, false);
    });
  }

  async #save(
    account: OAuthAccount,
    lease: Lease,
    before: OAuthGrant | null,
    granted: GrantedToken,
    isByPerson: boolean,
  ): Promise<OAuthToken> {
    const { time } = this.#deps;
    const now = time.now();
    const record: TokenRecord = {
      ...granted.token,
      client: this.#clientOf(account),
      generation: (before?.generation ?? 0) + 1,
      obtainedAt: now,
    };
    const intent = before?.intent ?? null;
    // What a person has granted, they can grant again.
    if (!isByPerson && intent !== null) this.#unsaved.set(keyOf(account), { granted, intent });
    lease.assertHeld();
    await this.#keeper.store(account, record, isByPerson ? undefined : before);
    this.#unsaved.delete(keyOf(account));
    if ((await this.#keeper.settle(account, before, record, granted, isByPerson)) === null) {
      // Nobody must take them for the grant's.
      await this.#keeper.withdraw(account, record);
      throw changedByOthers(account.spec.instanceId);
    }
    this.#backOff.succeeded(keyOf(account));
    return record;
  }

  /** Saves what could not be saved before, unless somebody has connected the account anew, or ended the connection, since. */
  async #saveUnsaved(account: OAuthAccount, lease: Lease): Promise<void> {
    const unsaved = this.#unsaved.get(keyOf(account));
    if (unsaved === undefined) return;
    const grant = await this.#keeper.grantOf(account);
    if (grant?.intent === unsaved.intent) {
      await this.#save(account, lease, grant, unsaved.granted, false);
    }
    this.#unsaved.delete(keyOf(account));
  }

  #clientOf({ spec }: OAuthAccount): string {
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
      if (record !== null) await this.#keeper.expire(account, record, grant);
      await this.#keeper.needsPerson(grant, why);
      return notConnected(account.spec.instanceId, why);
    }
    logger.warn("A token could not be renewed", fields);
    // The refresh token is as good as before, so nothing of this attempt shall explain what comes later.
    if (isDefinite === true && grant !== null && !wasInterrupted)
      await this.#keeper.unintend(grant);
    const waitMs = this.#backOff.failed(keyOf(account), reason, retryAfterMs);
    return unavailable(account.spec.instanceId, reason, waitMs);
  }

  #alone<T>(account: OAuthAccount, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#exclusive(nameOf(account), work);
  }

  #exclusive<T>(name: AccountName, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#deps.turns.run(`oauth.${name.instanceId} ${name.owner}`, work);
  }

  #act({ spec, owner }: OAuthAccount, actor: VaultActor, action: "token.refresh" | "token.revoke") {
    return actOn({ owner, instanceId: spec.instanceId, name: TOKEN_NAME }, actor, action);
  }
}

function nameOf({ spec: { instanceId }, owner }: OAuthAccount): AccountName {
  return { instanceId, owner };
}

/** Whether the client grants to itself, so that nobody has to be asked. */
function isOwnGrant({ settings }: OAuthClientSpec): boolean {
  return settings.grant === "client_credentials";
}

/** Owners may have any printable characters. */
function keyOf({ spec, owner }: OAuthAccount): string {
  return `${spec.instanceId} ${owner}`;
}
