import type { Outbound } from "../../types/outbound.ts";
import type { OAuthServer } from "./oauth-servers.ts";

const TIMEOUT_MS = 10_000;
/** Metadata of large providers have some 10 KiB, token answers rarely more than four. */
export const MAX_OAUTH_BYTES = 65_536;
export const OAUTH_USER_AGENT = { "user-agent": "mcp-plugin-server" } as const;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export interface OAuthRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | null | undefined;
  /** As for `OutboundRequest`. */
  readonly namedBy?: string;
}

export type OAuthFetch = (url: string, request: OAuthRequest) => Promise<Response>;

/**
 * The way of every request to a provider: no redirect is followed, ten seconds, 64 KiB. oauth4webapi takes it as its
 * `customFetch`; which addresses are allowed, plain http among them, is for `outbound` to say.
 */
export function createOAuthFetch(outbound: Outbound): OAuthFetch {
  return async (url, { method, headers, body, namedBy }) => {
    const answer = await outbound.fetch({
      url,
      method,
      headers: { ...headers, ...OAUTH_USER_AGENT },
      ...(body !== undefined && body !== null && { body: body.toString() }),
      ...(namedBy !== undefined && { namedBy }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_OAUTH_BYTES,
      redirect: "refuse",
    });
    // What is no status is no answer.
    const status = answer.status >= 200 && answer.status <= 599 ? answer.status : 502;
    const bytes = WITHOUT_BODY.has(status) ? null : answer.body;
    return new Response(bytes, { status, headers: answer.headers });
  };
}

/** The same for the endpoints of a server, which may have named them itself. */
export function fetchAt(fetch: OAuthFetch, { describedBy }: OAuthServer): OAuthFetch {
  if (describedBy === null) return fetch;
  return (url, request) => fetch(url, { ...request, namedBy: describedBy });
}
