import type { AuthorizationServer } from "oauth4webapi";
import type { Logger } from "../../types/logger.ts";
import type { OutboundRequest } from "../../types/outbound.ts";
import type { Time } from "../../types/runtime.ts";
import { createKeptValue, type KeepRules } from "./kept-value.ts";
import type { Discover } from "./oauth-discovery.ts";
import { isEndpoint } from "./oauth-endpoint.ts";

/** How often an issuer is asked, whether for its metadata or for its keys. */
export const ISSUER_KEEP: KeepRules = {
  freshMs: 600_000,
  staleMs: 86_400_000,
  retryMs: 30_000,
  emptyRetryMs: 5_000,
};

export interface IssuerMetadataDeps {
  readonly issuer: string;
  readonly discover: Discover;
  readonly time: Time;
  readonly logger: Logger;
}

/** An address, and who has named it if that is not the operator. */
export type IssuerAddress = Pick<OutboundRequest, "url" | "namedBy">;

/** Where something of an issuer's is, as the issuer says; `null` when it does not say, or cannot be asked. */
export type Locate = (what: "jwks_uri" | "introspection_endpoint") => Promise<IssuerAddress | null>;

export function createIssuerMetadata({
  issuer,
  discover,
  time,
  logger,
}: IssuerMetadataDeps): Locate {
  const metadata = createKeptValue<AuthorizationServer>(
    async () => {
      const found = await discover(issuer);
      if (found.ok) return found.value;
      const { kind } = found.reason;
      logger.warn("The metadata of an issuer of access tokens could not be read", { issuer, kind });
      return null;
    },
    ISSUER_KEEP,
    time,
  );
  return async (what) => {
    const server = await metadata.get();
    const address = server?.[what];
    if (isEndpoint(address)) return { url: address, namedBy: issuer };
    if (server !== null) {
      logger.error("An issuer of access tokens does not say where something is", { issuer, what });
    }
    return null;
  };
}
