import type { IntrospectionSettings } from "../../types/access-tokens.ts";
import type { Logger } from "../../types/logger.ts";
import type { Outbound } from "../../types/outbound.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { Claims } from "./access-token-claims.ts";
import { askJson } from "./ask-json.ts";
import type { IssuerAddress } from "./issuer-metadata.ts";
import { basicAuthorization } from "./oauth-client-auth.ts";

const MAX_BYTES = 65_536;
/** Each new text that strangers make up is a question: so many at once, and no more. */
const MAX_UNDER_WAY = 64;
const decoder = new TextDecoder("utf-8", { fatal: true });

export interface IntrospectionDeps {
  readonly issuer: string;
  readonly settings: IntrospectionSettings;
  /** Where to ask. */
  readonly locate: () => Promise<IssuerAddress | null>;
  readonly outbound: Outbound;
  readonly logger: Logger;
}

/** What an issuer says of a token: nothing of it has been checked but that it is `active`. */
export type Introspect = (token: string) => Promise<Result<Claims, "inactive" | "unavailable">>;

/** Asks the issuer what a token means (RFC 7662). */
export function createIntrospection({
  issuer,
  settings,
  locate,
  outbound,
  logger,
}: IntrospectionDeps): Introspect {
  let underWay = 0;

  function unavailable(reason: string) {
    logger.warn("An issuer could not be asked about an access token", { issuer, reason });
    return refuse("unavailable" as const);
  }

  async function ask(token: string): ReturnType<Introspect> {
    const address = await locate();
    if (address === null) return unavailable("nobody says where to ask");
    const authorization = await readAuthorization(settings);
    if (!authorization.ok) return unavailable(authorization.reason);
    const answer = await askJson(outbound, {
      ...address,
      method: "POST",
      headers: {
        authorization: authorization.value,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
      maxBytes: MAX_BYTES,
    });
    if (!answer.ok) return unavailable(answer.reason);
    const { active } = answer.value;
    if (active === true) return ok(answer.value);
    return active === false
      ? refuse("inactive")
      : unavailable("an answer that does not say whether it is active");
  }

  return async (token) => {
    if (underWay >= MAX_UNDER_WAY) return unavailable("too many questions at once");
    underWay += 1;
    try {
      return await ask(token);
    } finally {
      underWay -= 1;
    }
  };
}

async function readAuthorization({
  clientId,
  secret,
}: IntrospectionSettings): Promise<Result<string, string>> {
  const bytes = await secret();
  if (bytes === null) return refuse("there is no secret of this server's for it");
  try {
    return ok(basicAuthorization(clientId, decoder.decode(bytes)));
  } catch {
    return refuse("the secret of this server's for it is no text");
  } finally {
    bytes.fill(0);
  }
}
