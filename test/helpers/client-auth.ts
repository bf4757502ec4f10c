import { randomUUID } from "node:crypto";
import type { OAuthDiscoveryState } from "@modelcontextprotocol/client";
import { grantAs } from "./oidc-person.ts";

/** Where people come back to; nobody is asked for it. */
const REDIRECT_URI = "https://client.example.test/callback";

/** What a client sent, and what it got. */
export interface ClientRequest {
  /** `POST https://issuer/token`, without the query. */
  readonly route: string;
  readonly status: number;
  readonly body: string;
  readonly challenge: string | null;
}

interface Saved {
  client?: { client_id: string };
  tokens?: { access_token: string; token_type: string; scope?: string };
  verifier?: string;
  discovery?: OAuthDiscoveryState;
}

/**
 * How a client signs people in: an auth provider for the official SDKs, either of them, which keeps what it is given, and the
 * `fetch` to give them. It is no client that anybody knows: it registers itself.
 */
export function createClientAuth() {
  const saved: Saved = {};
  const links: URL[] = [];
  const requests: ClientRequest[] = [];
  const states: string[] = [];
  const provider = {
    redirectUrl: REDIRECT_URI,
    clientMetadata: {
      client_name: "A client of the tests",
      redirect_uris: [REDIRECT_URI],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    state() {
      states.push(randomUUID());
      return states.at(-1)!;
    },
    clientInformation: () => saved.client,
    saveClientInformation: (client: { client_id: string }) => void (saved.client = client),
    tokens: () => saved.tokens,
    saveTokens: (tokens: NonNullable<Saved["tokens"]>) => void (saved.tokens = tokens),
    redirectToAuthorization: (url: URL) => void links.push(url),
    saveCodeVerifier: (verifier: string) => void (saved.verifier = verifier),
    codeVerifier: () => saved.verifier!,
    saveDiscoveryState: (state: OAuthDiscoveryState) => void (saved.discovery = state),
    discoveryState: () => saved.discovery,
  };
  return {
    provider,
    saved,
    /** Where people were sent. */
    links,
    requests,
    fetch: async (url: string | URL, init?: RequestInit): Promise<Response> => {
      const { method, body } = { method: "GET", ...init };
      const { origin, pathname } = new URL(url);
      const response = await fetch(url, init);
      requests.push({
        route: `${method} ${origin}${pathname}`,
        status: response.status,
        body: typeof body === "string" || body instanceof URLSearchParams ? String(body) : "",
        challenge: response.headers.get("www-authenticate"),
      });
      return response;
    },
    /** Goes where the client has sent somebody, who logs in and agrees; answers what the client is told. */
    async goThrough(): Promise<URLSearchParams> {
      const { searchParams } = await grantAs(links.at(-1)!.href, REDIRECT_URI);
      if (searchParams.get("state") !== states.at(-1)) throw new Error("The state is another's.");
      return searchParams;
    },
  };
}
