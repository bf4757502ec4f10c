import { calculatePKCECodeChallenge } from "oauth4webapi";
import type { OAuthClientSpec } from "./oauth-client.ts";
import { scopesToAsk } from "./oauth-scopes.ts";
import type { OAuthServer } from "./oauth-servers.ts";
import { providerAuthorizationUrl } from "./providers/index.ts";

/** Where a person grants: at every provider with PKCE's challenge and an answer in the query. */
export async function authorizationUrl(
  spec: OAuthClientSpec,
  { provider, endpoints }: OAuthServer,
  clientId: string,
  { state, codeVerifier }: { readonly state: string; readonly codeVerifier: string },
): Promise<URL> {
  const { declared, settings, redirectUri } = spec;
  const scopes = scopesToAsk(declared.scopes, provider);
  const request = { clientId, redirectUri, state, codeVerifier, scopes, settings, endpoints };
  const url =
    provider === null
      ? customUrl(endpoints.authorization, scopes)
      : await providerAuthorizationUrl(provider, request);
  const fixed = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
    ...(declared.urls?.resource !== undefined && { resource: declared.urls.resource }),
  };
  for (const [name, value] of Object.entries(fixed)) url.searchParams.set(name, value);
  return url;
}

function customUrl(endpoint: string, scopes: readonly string[]): URL {
  // An endpoint may bring parameters of its own (RFC 6749, 3.1).
  const url = new URL(endpoint);
  if (scopes.length > 0) url.searchParams.set("scope", scopes.join(" "));
  // OpenID Connect Core, 11: without consent the scope is ignored, and nothing can be refreshed.
  if (scopes.includes("openid") && scopes.includes("offline_access")) {
    url.searchParams.set("prompt", "consent");
  }
  return url;
}
