import type { AccessTokenClaims, IssuerSettings } from "../../types/access-tokens.ts";
import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Outbound } from "../../types/outbound.ts";
import type { ToolAccess } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import { LruMap } from "../../util/lru.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { Claims } from "./access-token-claims.ts";
import { createTokenIssuer, type TokenFault, type TokenIssuer } from "./access-token-issuer.ts";
import { readJwt, type JwtFault } from "./access-token-jwt.ts";
import { createTokenLife, type TokenLife } from "./access-token-life.ts";
import { createTokenWatch } from "./access-token-watch.ts";
import { toHolder, type TokenHolder } from "./access-token-principal.ts";
import { KEY_ROLES } from "./keys.ts";
import { createDiscovery } from "./oauth-discovery.ts";
import { createOAuthFetch } from "./oauth-transport.ts";
import { resourceUri } from "./protected-resource.ts";
import { QuestionSlots, UNKNOWN_ASKER, type Asker } from "./question-slots.ts";

const MAX_TOKEN_CHARS = 8_192;
const TOKEN = /^[\x21-\x7e]+$/;
/** How long a good token is not looked at again: so long a key that was withdrawn, or a token that was, still serves. */
const GOOD_MS = 60_000;
/** How long an issuer is not asked again about a token that was refused when it had been asked. */
const REFUSED_MS = 10_000;
const CAPACITY = 10_000;
const ACCESS_CAPACITY = 1_000;
/** Keys of this server's own are nobody else's business, not even those that are good no more. */
const OWN_PREFIXES = Object.values(KEY_ROLES).map(({ prefix }) => prefix);

export interface AccessTokensDeps {
  readonly issuers: readonly IssuerSettings[];
  /** Where clients find this server: an origin, without a slash at its end. Asked for when it is needed. */
  readonly publicUrl: () => string;
  readonly outbound: Outbound;
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
}

export interface AccessTokens {
  /**
   * Whom a bearer token of a configured issuer speaks for: `invalid` when it does not, or no longer, or not here;
   * `unavailable` when nobody can tell because its issuer does not answer, or is asked too much.
   *
   * @param asker who shows it; when left out, somebody of whom nothing is known
   */
  verify(
    token: string,
    asker?: Asker,
  ): Promise<Result<AccessTokenClaims, "invalid" | "unavailable">>;
  /**
   * To be called with what `verify` has answered, when something stays open: the token is checked again and again, so that the
   * `life` of the claims ends within a minute of it. Answers how to stop.
   */
  watch(token: string, claims: AccessTokenClaims): () => void;
}

/** A token that was found good. */
interface Known {
  readonly claims: AccessTokenClaims;
  readonly life: TokenLife;
  /** By `time.elapsed()`. */
  checkedAt: number;
}

/** Takes access tokens that others have issued for this server (RFC 9068, RFC 7662), and passes none on. */
export function createAccessTokens(deps: AccessTokensDeps): AccessTokens {
  const { publicUrl, outbound, sha256, time, logger } = deps;
  const discover = createDiscovery(createOAuthFetch(outbound), time);
  const resource = () => resourceUri(publicUrl());
  const issuers: readonly TokenIssuer[] = deps.issuers.map((settings) =>
    createTokenIssuer({ settings, resource, discover, outbound, time, logger }),
  );
  const byName = new Map(issuers.map((issuer) => [issuer.settings.issuer, issuer]));
  // No more than one has: a token that says nothing must not be shown around.
  const asked = issuers.find(({ checkOther }) => checkOther !== null);

  // By the token's hash. Apart, so that what strangers make up pushes out nobody who is known.
  const known = new LruMap<string, Known>(CAPACITY);
  const refused = new LruMap<string, number>(CAPACITY);
  // Also what the others have pushed out, for as long as somebody has it.
  const found = new WeakMap<AccessTokenClaims, Known>();
  const underWay = new Map<string, ReturnType<AccessTokens["verify"]>>();
  const shareAccess = createSharing();
  const slots = new QuestionSlots();

  async function check(
    token: string,
    hash: string,
    asker: Asker,
  ): Promise<Result<Checked, TokenFault | JwtFault | "guessed">> {
    const jwt = readJwt(token);
    if (!jwt.ok && jwt.reason !== "no JWT") return jwt;
    if (jwt.ok) {
      const issuer = byName.get(jwt.value.issuer);
      return issuer === undefined
        ? refuse("issuer")
        : withIssuer(issuer, await issuer.checkJwt(token, jwt.value));
    }
    if (!asked?.checkOther) return jwt;
    const { checkOther } = asked;
    // What was good before comes from somebody who has it.
    const claims = await (known.get(hash) === undefined
      ? slots.run(asker, () => checkOther(token))
      : checkOther(token));
    const isAnswer = claims.ok || (claims.reason !== "unavailable" && claims.reason !== "guessed");
    if (!claims.ok && isAnswer) refused.set(hash, time.elapsed());
    return withIssuer(asked, claims);
  }

  async function verifyAnew(
    token: string,
    hash: string,
    asker: Asker,
  ): ReturnType<AccessTokens["verify"]> {
    const checked = await check(token, hash, asker);
    if (checked.ok) return ok(await remember(hash, checked.value));
    const { reason } = checked;
    if (reason === "unavailable") return refuse("unavailable");
    logger.info("Access token refused", { reason });
    known.get(hash)?.life.end();
    return refuse("invalid");
  }

  async function remember(hash: string, { issuer, claims }: Checked): Promise<AccessTokenClaims> {
    const holder = await toHolder(claims, issuer.settings, shareAccess, sha256);
    const before = known.get(hash);
    const isSame = before !== undefined && isSameAccess(before.claims, holder);
    const checkedAt = time.elapsed();
    if (isSame && before.claims.expiresAt === holder.expiresAt && !before.life.signal.aborted) {
      before.checkedAt = checkedAt;
      return before.claims;
    }
    // Some issuers name a later end each time that they are asked: nothing has to end for that.
    if (!isSame) before?.life.end();
    const life = createTokenLife(holder.expiresAt, time);
    const fresh: AccessTokenClaims = Object.freeze({
      issuer: issuer.settings.issuer,
      ...holder,
      life: life.signal,
    });
    const entry = { claims: fresh, life, checkedAt };
    known.set(hash, entry);
    found.set(fresh, entry);
    return fresh;
  }

  /** What was found out about a token not long ago. */
  function recall(hash: string): Result<AccessTokenClaims, "invalid"> | null {
    const good = known.get(hash);
    const now = time.elapsed();
    if (good !== undefined && now - good.checkedAt < GOOD_MS && !good.life.signal.aborted) {
      if (time.now() < good.claims.expiresAt) return ok(good.claims);
    }
    const refusedAt = refused.get(hash);
    const isRefused = refusedAt !== undefined && now - refusedAt < REFUSED_MS;
    return isRefused ? refuse("invalid") : null;
  }

  /** Of questions about one token that come together, one is asked. */
  function verifyOnce(
    token: string,
    hash: string,
    asker: Asker,
  ): ReturnType<AccessTokens["verify"]> {
    const joined = underWay.get(hash);
    if (joined !== undefined) return joined;
    const verified = verifyAnew(token, hash, asker).finally(() => underWay.delete(hash));
    underWay.set(hash, verified);
    return verified;
  }

  const watch = createTokenWatch<AccessTokenClaims>({
    async ask(token, claims) {
      try {
        const again = await verifyOnce(token, await hexDigest(sha256, token), UNKNOWN_ASKER);
        if (!again.ok) return again.reason === "invalid" ? "gone" : "unavailable";
        if (!isSameAccess(claims, again.value)) return "gone";
        found.get(claims)!.checkedAt = time.elapsed();
        return "good";
      } catch (error) {
        logger.error("An access token in use could not be checked", { error: messageOf(error) });
        return "unavailable";
      }
    },
    checkedAt: (claims) => found.get(claims)!.checkedAt,
    end: (claims) => found.get(claims)!.life.end(),
    time,
  });

  return {
    watch,
    async verify(token, asker = UNKNOWN_ASKER) {
      if (token.length > MAX_TOKEN_CHARS || !TOKEN.test(token)) return refuse("invalid");
      if (OWN_PREFIXES.some((prefix) => token.startsWith(prefix))) return refuse("invalid");
      const hash = await hexDigest(sha256, token);
      return recall(hash) ?? verifyOnce(token, hash, asker);
    },
  };
}

interface Checked {
  readonly issuer: TokenIssuer;
  readonly claims: Claims;
}

function withIssuer<R>(issuer: TokenIssuer, claims: Result<Claims, R>): Result<Checked, R> {
  return claims.ok ? ok({ issuer, claims: claims.value }) : claims;
}

function isSameAccess(before: AccessTokenClaims, { principal, scopes }: TokenHolder): boolean {
  return before.principal.id === principal.id && before.scopes.join(" ") === scopes.join(" ");
}

function createSharing(): (access: ToolAccess) => ToolAccess {
  const shared = new LruMap<string, ToolAccess>(ACCESS_CAPACITY);
  return (access) => {
    const name = JSON.stringify(access);
    const found = shared.get(name) ?? Object.freeze(access);
    shared.set(name, found);
    return found;
  };
}
