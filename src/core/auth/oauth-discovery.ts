import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  OperationProcessingError,
  processDiscoveryResponse,
  type AuthorizationServer,
} from "oauth4webapi";
import type { Time } from "../../types/runtime.ts";
import { LruMap } from "../../util/lru.ts";
import { ok, type Result } from "../../util/result.ts";
import type { OAuthFault } from "./oauth-client.ts";
import { isEndpoint } from "./oauth-endpoint.ts";
import { attempt, faultOfStatus, refuseWith } from "./oauth-faults.ts";
import type { OAuthFetch } from "./oauth-transport.ts";

const FRESH_MS = 600_000;
const CAPACITY = 100;

export type Discover = (issuer: string) => Promise<Result<AuthorizationServer, OAuthFault>>;

/**
 * Reads what an issuer says of itself, by RFC 8414 and else by OpenID Connect, and keeps it for ten minutes. What it says
 * must be of this very issuer, by the letter.
 */
export function createDiscovery(fetch: OAuthFetch, time: Time): Discover {
  const known = new LruMap<string, { readonly at: number; readonly server: AuthorizationServer }>(
    CAPACITY,
  );
  return async (issuer) => {
    const kept = known.get(issuer);
    if (kept !== undefined && time.now() - kept.at < FRESH_MS) return ok(kept.server);
    const url = isEndpoint(issuer) ? new URL(issuer) : null;
    if (url === null || url.search !== "") {
      return refuseWith("misconfigured", "The plugin's `urls.issuer` is no address of an issuer.");
    }
    let fault: OAuthFault | null = null;
    for (const algorithm of ["oauth2", "oidc"] as const) {
      const response = await attempt(url.host, () =>
        discoveryRequest(url, { algorithm, [customFetch]: fetch, [allowInsecureRequests]: true }),
      );
      if (!response.ok) return response;
      if (response.value.status !== 200) {
        fault ??= faultOfStatus(response.value, url.host, time.now());
        continue;
      }
      const read = await readMetadata(url, response.value);
      if (read === null) {
        // Some sites answer everything with their start page.
        fault ??= badAnswer(url, "describes itself in a way that cannot be read");
        continue;
      }
      const server = checkMetadata(issuer, url, read);
      if (server.ok) known.set(issuer, { at: time.now(), server: server.value });
      return server;
    }
    const none = `${url.host} does not say how it is to be asked. Name its endpoints one by one in the plugin's \`urls\`.`;
    return fault === null ? refuseWith("misconfigured", none) : { ok: false, reason: fault };
  };
}

async function readMetadata(url: URL, response: Response): Promise<AuthorizationServer | null> {
  try {
    return await processDiscoveryResponse(url, response.clone());
  } catch (error) {
    if (!(error instanceof OperationProcessingError)) return null;
    // Of another issuer: it is there to be refused by name.
    const isOther = error.code === JSON_ATTRIBUTE_COMPARISON;
    return isOther ? ((await response.json()) as AuthorizationServer) : null;
  }
}

function checkMetadata(
  issuer: string,
  url: URL,
  server: AuthorizationServer,
): Result<AuthorizationServer, OAuthFault> {
  // RFC 8414, 3.3: by the letter. The library compares addresses, and a slash at the end is none of their difference.
  if (server.issuer !== issuer) {
    return { ok: false, reason: badAnswer(url, "describes an issuer of another name") };
  }
  return ok(server);
}

/** Whether it says that it takes PKCE with S256: a server that does not may ignore it, and nobody would see. */
export function announcesPkce({ code_challenge_methods_supported: ways }: AuthorizationServer) {
  return Array.isArray(ways) && ways.includes("S256");
}

function badAnswer({ host }: URL, what: string): OAuthFault {
  return { kind: "bad-answer", reason: `${host} ${what}. Check the plugin's \`urls.issuer\`.` };
}
