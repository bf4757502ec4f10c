import { AppError } from "../../errors.ts";
import type { OAuthGrant, OAuthGrantStore, OAuthToken } from "../../types/oauth.ts";
import type { LearnedSecret, Scrubber } from "../../types/scrubber.ts";
import type { Owner, Vault, VaultActor } from "../../types/vault.ts";
import { utf8 } from "../../util/bytes.ts";
import { LruMap } from "../../util/lru.ts";
import type { OAuthClientSpec } from "./oauth-client.ts";
import { changedByOthers } from "./token-refusals.ts";
import { readTokenBytes, TOKEN_NAME, tokenBytes, type TokenRecord } from "./token-record.ts";
import { SYSTEM } from "./vault-audit.ts";

const MAX_TRIES = 5;
/** Accounts of which it is remembered that their tokens are known to the scrubber. */
const MAX_LEARNED = 1_000;

/** Whose account, of which client. */
export interface OAuthAccount {
  readonly spec: OAuthClientSpec;
  readonly owner: Owner;
}

/** The same, where the client does not matter. */
export interface AccountName {
  readonly instanceId: string;
  readonly owner: Owner;
}

export interface TokenKeeperDeps {
  readonly vault: Vault;
  readonly grants: OAuthGrantStore;
  readonly scrubber: Scrubber;
}

/** An account's tokens, which are in the vault, and what is known of its grant, which is beside it and no secret. */
export class TokenKeeper {
  readonly #deps: TokenKeeperDeps;
  readonly #learned = new LruMap<string, readonly LearnedSecret[]>(MAX_LEARNED);

  constructor(deps: TokenKeeperDeps) {
    this.#deps = deps;
  }

  async load({ spec, owner }: OAuthAccount, actor: VaultActor): Promise<TokenRecord | null> {
    const { vault, scrubber } = this.#deps;
    const own = vault.reserved(owner, actor);
    const found = await own.useCredential(spec.instanceId, TOKEN_NAME, readTokenBytes);
    const record = found?.value ?? null;
    if (record !== null) this.#learn(scrubber, spec.instanceId, owner, record);
    return record;
  }

  /** As `load`; `null` also for a record that nobody can read any more. */
  async loadReadable(account: OAuthAccount, actor: VaultActor): Promise<TokenRecord | null> {
    try {
      return await this.load(account, actor);
    } catch (error) {
      if (error instanceof AppError && error.code === "CREDENTIAL_UNREADABLE") return null;
      throw error;
    }
  }

  /** Each pair of tokens once, as long as the scrubber knows them. */
  #learn(scrubber: Scrubber, instanceId: string, owner: Owner, record: TokenRecord): void {
    // Generations begin anew with a new connection.
    const key = `${instanceId} ${owner} ${record.generation} ${record.obtainedAt}`;
    const learned = this.#learned.get(key);
    if (learned?.every((secret) => scrubber.knows(secret)) === true) return;
    this.#learned.set(key, learnTokens(scrubber, record));
  }

  /**
   * @param begun the grant as this process knows it: if it is another one by now, nothing is stored. Whoever has taken this
   *   process's place has changed it before its own tokens come, so that these are never put over them
   */
  store(account: OAuthAccount, record: TokenRecord, begun?: OAuthGrant | null): Promise<void> {
    return this.#put(account, record, () =>
      begun === undefined ? Promise.resolve() : this.#assertUnchanged(account, begun),
    );
  }

  /**
   * Ends the time of tokens that are no good, for those who look at them alone. Nothing is stored where others are there by
   * now.
   *
   * @param begun as for `store`
   */
  expire(account: OAuthAccount, record: TokenRecord, begun: OAuthGrant | null): Promise<void> {
    return this.#put(account, { ...record, expiresAt: 0 }, async () => {
      await this.#assertUnchanged(account, begun);
      await this.#assertStored(account, record);
    });
  }

  async #put(
    { spec, owner }: OAuthAccount,
    record: TokenRecord,
    assertWanted: () => Promise<void>,
  ): Promise<void> {
    const { vault, scrubber } = this.#deps;
    learnTokens(scrubber, record);
    const bytes = tokenBytes(record);
    const own = vault.reserved(owner, SYSTEM);
    await own.storeCredentialBytes(spec.instanceId, TOKEN_NAME, bytes, assertWanted);
  }

  async #assertUnchanged(account: OAuthAccount, begun: OAuthGrant | null): Promise<void> {
    const grant = await this.grantOf(account);
    if (grant?.rev !== begun?.rev) throw changedByOthers(account.spec.instanceId);
  }

  async #assertStored(account: OAuthAccount, { accessToken }: TokenRecord): Promise<void> {
    const record = await this.load(account, SYSTEM);
    if (record?.accessToken !== accessToken) throw changedByOthers(account.spec.instanceId);
  }

  /** Takes a record away, unless another one is there by now. */
  async withdraw(account: OAuthAccount, record: TokenRecord): Promise<void> {
    const { spec, owner } = account;
    const own = this.#deps.vault.reserved(owner, SYSTEM);
    const assertWanted = () => this.#assertStored(account, record);
    await own.deleteCredential(spec.instanceId, TOKEN_NAME, assertWanted);
  }

  async forget(name: AccountName, actor: VaultActor): Promise<void> {
    await this.drop(name, actor);
    await this.#deps.grants.remove(name.instanceId, name.owner);
  }

  /** The tokens alone. */
  async drop({ instanceId, owner }: AccountName, actor: VaultActor): Promise<void> {
    await this.#deps.vault.reserved(owner, actor).deleteCredential(instanceId, TOKEN_NAME);
  }

  grantOf({ spec, owner }: OAuthAccount): Promise<OAuthGrant | null> {
    return this.#deps.grants.find(spec.instanceId, owner);
  }

  /**
   * Makes a renewal that began with the grant as it is, and has stood still since, come too late to store anything. Answers the
   * grant as it is then.
   *
   * @throws AppError `VAULT_UNAVAILABLE` when somebody else has changed it meanwhile
   */
  async takeOver(account: OAuthAccount): Promise<OAuthGrant | null> {
    const grant = await this.grantOf(account);
    if (grant === null) return null;
    if (await this.#deps.grants.put(grant, grant.rev)) return { ...grant, rev: grant.rev + 1 };
    throw changedByOthers(account.spec.instanceId);
  }

  /**
   * Notes that a refresh token goes to the provider now: whoever finds that later knows that an answer was lost. Answers the
   * grant with it, or `null` when somebody else has changed the grant.
   */
  async intend(grant: OAuthGrant): Promise<OAuthGrant | null> {
    const intent = crypto.randomUUID();
    const isNoted = await this.#deps.grants.put({ ...grant, intent }, grant.rev);
    return isNoted ? { ...grant, intent, rev: grant.rev + 1 } : null;
  }

  /**
   * Notes why it could not be renewed. The grant stands.
   *
   * @param didNothing whether the provider has said so: then the note of `intend` is taken back
   */
  async noteFailure(grant: OAuthGrant, reason: string, didNothing: boolean): Promise<void> {
    const intent = didNothing ? null : grant.intent;
    await this.#deps.grants.put({ ...grant, reason, intent }, grant.rev);
  }

  /**
   * Makes the grant that of the tokens in the vault. `null`, with nothing changed, when a renewal comes too late: somebody has
   * connected the account anew, or ended the connection, since it was begun.
   *
   * @throws AppError `VAULT_UNAVAILABLE` when other tokens are there by now
   */
  async settle(
    account: OAuthAccount,
    before: OAuthGrant | null,
    record: TokenRecord,
    isByPerson = false,
  ): Promise<OAuthGrant | null> {
    const { grants } = this.#deps;
    const { owner } = account;
    const { instanceId } = account.spec;
    const { generation, obtainedAt, connectedAt, expiresAt, scope, missingScopes } = record;
    for (let tries = 0, grant = before; tries < MAX_TRIES; tries++) {
      const next = {
        instanceId,
        owner,
        status: "connected",
        reason: null,
        account: record.account,
        scope,
        missingScopes,
        connectedAt,
        refreshedAt: obtainedAt > connectedAt ? obtainedAt : null,
        expiresAt,
        isRefreshable: record.refreshToken !== undefined,
        client: record.client,
        generation,
        intent: null,
      } as const;
      if (await grants.put(next, grant?.rev ?? null)) {
        return { ...next, rev: (grant?.rev ?? 0) + 1 };
      }
      grant = await grants.find(instanceId, owner);
      // Whoever took the place of this process has found these tokens, and done it.
      const isDone =
        grant?.generation === generation && (grant.refreshedAt ?? grant.connectedAt) === obtainedAt;
      if (isDone && grant?.status === "connected") return grant;
      const isOurs = grant?.intent === before?.intent && (grant === null) === (before === null);
      if (!isByPerson && !isOurs) return null;
      // What a person has granted takes the place of whatever was there, but not of what has come since.
      if (isByPerson) await this.#assertStored(account, record);
    }
    throw new AppError("VAULT_UNAVAILABLE", "The connection is changed by others all the time.");
  }

  /** Says that a person must connect the account again, unless somebody else has changed the grant meanwhile. */
  async needsPerson(grant: OAuthGrant, reason: string): Promise<void> {
    const next = { ...grant, status: "needs_reauth", reason, intent: null } as const;
    await this.#deps.grants.put(next, grant.rev);
  }
}

/** They are in one record, and each is a secret of its own. */
export function learnTokens(
  scrubber: Scrubber,
  { accessToken, refreshToken }: OAuthToken,
): LearnedSecret[] {
  return [accessToken, refreshToken].flatMap((text) => {
    const learned = text === undefined ? null : scrubber.learn(utf8(text));
    return learned === null ? [] : [learned];
  });
}
