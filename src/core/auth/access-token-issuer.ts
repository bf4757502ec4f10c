import { compactVerify, errors } from "jose";
import type { IssuerSettings } from "../../types/access-tokens.ts";
import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Outbound } from "../../types/outbound.ts";
import type { Time } from "../../types/runtime.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { claimFault, type ClaimFault, type Claims } from "./access-token-claims.ts";
import { parseClaims, SIGNING_ALGORITHMS, type UncheckedJwt } from "./access-token-jwt.ts";
import { createIntrospection } from "./introspection.ts";
import { createIssuerMetadata } from "./issuer-metadata.ts";
import { createJwks } from "./jwks.ts";
import type { Discover } from "./oauth-discovery.ts";

/** Why a token is not taken, for the log. */
export type TokenFault = ClaimFault | "key" | "signature" | "claims" | "inactive" | "unavailable";

/** One issuer, and what it takes to check its tokens. */
export interface TokenIssuer {
  readonly settings: IssuerSettings;
  /** The claims of a JWT that says it is this issuer's, when it is. */
  checkJwt(token: string, said: UncheckedJwt): Promise<Result<Claims, TokenFault>>;
  /** The claims of any other token, by asking; `null` where nobody has set up how. */
  readonly checkOther: ((token: string) => Promise<Result<Claims, TokenFault>>) | null;
}

export interface TokenIssuerDeps {
  readonly settings: IssuerSettings;
  /** What tokens must be for, unless the settings say otherwise. */
  readonly resource: () => string;
  readonly discover: Discover;
  readonly outbound: Outbound;
  readonly time: Time;
  readonly logger: Logger;
}

export function createTokenIssuer(deps: TokenIssuerDeps): TokenIssuer {
  const { settings, resource, time, logger } = deps;
  const { issuer, jwksUri, introspection } = settings;
  const metadata = createIssuerMetadata({ ...deps, issuer });
  /** Where the operator has said, or else where the issuer says. */
  const locate = (what: Parameters<typeof metadata>[0], url: string | undefined) => () =>
    url === undefined ? metadata(what) : Promise.resolve({ url });
  const findKey = createJwks({
    ...deps,
    issuer,
    locate: locate("jwks_uri", jwksUri),
  });

  function check(claims: Claims, isAccessToken: boolean): Result<Claims, TokenFault> {
    const audience = settings.audience ?? [resource()];
    const fault = claimFault(claims, { issuer, audience, now: time.now(), isAccessToken });
    return fault === null ? ok(claims) : refuse(fault);
  }

  async function readSigned(token: string, said: UncheckedJwt) {
    const key = await findKey(said);
    if (!key.ok) return refuse(key.reason === "unavailable" ? key.reason : ("key" as const));
    try {
      const algorithms = [...SIGNING_ALGORITHMS];
      return ok((await compactVerify(token, key.value, { algorithms })).payload);
    } catch (error) {
      // An RSA key that is too short, say: of the issuer's making, and not of the token's.
      if (!(error instanceof errors.JOSEError)) {
        logger.warn("An access token could not be checked", { issuer, error: messageOf(error) });
      }
      return refuse("signature" as const);
    }
  }

  const introspect =
    introspection &&
    createIntrospection({
      ...deps,
      issuer,
      settings: introspection,
      locate: locate("introspection_endpoint", introspection.endpoint),
    });

  return {
    settings,
    async checkJwt(token, said) {
      const signed = await readSigned(token, said);
      if (!signed.ok) return signed;
      const claims = parseClaims(signed.value);
      return claims === null ? refuse("claims") : check(claims, said.isAccessToken);
    },
    checkOther: introspect
      ? async (token) => {
          const said = await introspect(token);
          // Whoever was asked need not say who it is, and must be nobody else if it does.
          return said.ok ? check({ iss: issuer, ...said.value }, false) : said;
        }
      : null,
  };
}
