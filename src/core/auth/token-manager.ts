import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthGrant, OAuthToken } from "../../types/oauth.ts";
import type { Time } from "../../types/runtime.ts";
import type { VaultActor } from "../../types/vault.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { GrantedToken, OAuthClient } from "./oauth-client.ts";
import {
  TokenKeeper,
  type AccountName,
  type OAuthAccount,
  type TokenKeeperDeps,
} from "./token-keeper.ts";
import { isOfOther } from "./connection-now.ts";
import { isGood } from "./token-freshness.ts";
import { TokenRenewer } from "./token-renewer.ts";
import { isOwnGrant, TOKEN_NAME } from "./token-record.ts";
import { actOn, type VaultAudit, SYSTEM } from "./vault-audit.ts";
import type { Turns } from "./instance-writes.ts";
import type { Lease } from "./write-leases.ts";

/** Who refuses a token that is not older than that would refuse the next one, too. */
const FRESH_MS = 60_000;

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
  readonly #renewer: TokenRenewer;

  constructor(deps: TokenManagerDeps) {
    this.#deps = deps;
    this.#keeper = new TokenKeeper(deps);
    this.#renewer = new TokenRenewer({
      ...deps,
      keeper: this.#keeper,
      alone: (account, work) => this.#alone(account, work),
    });
  }

  /**
   * The account's token, with its refresh token, good for another minute at least (for a quarter of its life, if that is shorter).
   *
   * @throws AppError `NOT_CONNECTED` when a person must connect the account; `OAUTH_UNAVAILABLE` when the provider does not
   * answer as it should, and what the vault throws
   */
  async token(account: OAuthAccount, actor: VaultActor): Promise<OAuthToken> {
    const record = await this.#keeper.load(account, actor);
    const isOurs = record?.client === this.#renewer.clientOf(account);
    if (record === null || !isOurs || !isGood(record, this.#deps.time.now()))
      return this.#renewer.renew(account);
    if (this.#renewer.isDue(account, record)) {
      this.#renewer.renew(account).catch(() => {
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
    const isOwn = isOwnGrant(account.spec);
    if (grant === null) return isOwn;
    const isOther = !isOwn && isOfOther(grant, this.#renewer.clientOf(account));
    return grant.status === "connected" && !isOther;
  }

  /**
   * Gets a new token now, whatever the old one is good for.
   *
   * @throws what `token` does, and AppError `CONFLICT` for a good one that the provider has given nothing to renew with
   */
  refresh(account: OAuthAccount): Promise<OAuthToken> {
    return this.#renewer.renewNow(account);
  }

  /**
   * Saves what a person has granted, in the place of whatever was there.
   *
   * @param faultOf looks, when no other process does anything with the account any more, whether it is still to be connected
   */
  async connect<Fault>(
    account: OAuthAccount,
    granted: GrantedToken,
    faultOf: () => Promise<Fault | null>,
  ): Promise<Result<OAuthGrant, Fault>> {
    return this.#alone(account, async (lease) => {
      const fault = await faultOf();
      if (fault !== null) return refuse(fault);
      const before = await this.#keeper.takeOver(account);
      return ok((await this.#renewer.save(account, lease, before, granted, true)).grant);
    });
  }

  /**
   * Takes note that a token which looks good is refused. One that can be renewed is, at its next use; a person is needed where
   * it cannot, or was just now.
   *
   * @param refused that token, so that nothing is said of one that has come in its place; `null` for whichever is there
   * @throws AppError `VAULT_UNAVAILABLE` when others change the connection at the same time
   */
  async requireReauth(
    account: OAuthAccount,
    reason: string,
    refused: string | null = null,
  ): Promise<void> {
    await this.#alone(account, async () => {
      const grant = await this.#keeper.grantOf(account);
      const record = await this.#keeper.load(account, SYSTEM);
      const isOther = record !== null && record.client !== this.#renewer.clientOf(account);
      if (isOther || (refused !== null && record !== null && record.accessToken !== refused))
        return;
      const age = record === null ? 0 : this.#deps.time.now() - record.obtainedAt;
      // So that the next look at it, which reads the record alone, finds that out.
      if (record !== null) await this.#keeper.expire(account, record, grant);
      // Where the clock was set back, nobody knows how old it is.
      const isFresh = age >= 0 && age < FRESH_MS;
      const mayBeRenewed = record?.refreshToken !== undefined && !isFresh;
      // Where the client grants to itself, no person can help.
      const canRenew = mayBeRenewed || isOwnGrant(account.spec);
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
      // What is damaged must not stay for that.
      const record = await this.#keeper.loadReadable(account, actor);
      const grant = await this.#keeper.grantOf(account);
      if (record === null && grant === null) return "absent";
      return audit.change(
        actOn({ ...nameOf(account), name: TOKEN_NAME }, actor, "token.revoke"),
        async () => {
          // The provider may have given a newer pair, which the vault did not take.
          const newest = this.#renewer.unsavedOf(account) ?? record;
          const isOurs = record?.client === this.#renewer.clientOf(account);
          const answer = isOurs && newest !== null ? await client.revoke(spec, newest) : "failed";
          await this.#keeper.forget(nameOf(account), actor);
          this.#renewer.forget(account);
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

  #alone<T>(account: OAuthAccount, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#exclusive(nameOf(account), work);
  }

  #exclusive<T>(name: AccountName, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#deps.turns.run(`oauth.${name.instanceId} ${name.owner}`, work);
  }
}

function nameOf({ spec: { instanceId }, owner }: OAuthAccount): AccountName {
  return { instanceId, owner };
}
