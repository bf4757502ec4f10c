import type { Outbound } from "../../types/outbound.ts";

const TIMEOUT_MS = 10_000;
/** Metadata of large providers have some 10 KiB, token answers rarely more than four. */
const MAX_BYTES = 65_536;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export interface OAuthRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | null | undefined;
}

export type OAuthFetch = (url: string, request: OAuthRequest) => Promise<Response>;

/**
 * The way of every request to a provider: no redirect is followed, ten seconds, 64 KiB. oauth4webapi takes it as its
 * `customFetch`; which addresses are allowed, plain http among them, is for `outbound` to say.
 */
export function createOAuthFetch(outbound: Outbound): OAuthFetch {
  return async (url, { method, headers, body }) => {
    const answer = await outbound.fetch({
      url,
      method,
      headers: { ...headers, "user-agent": "mcp-plugin-server" },
      ...(body !== undefined && body !== null && { body: body.toString() }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      redirect: "refuse",
    });
    // What is no status is no answer.
    const status = answer.status >= 200 && answer.status <= 599 ? answer.status : 502;
    const bytes = WITHOUT_BODY.has(status) ? null : answer.body;
    return new Response(bytes, { status, headers: answer.headers });
  };
}
