import { atlassian } from "./atlassian.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { google } from "./google.ts";
import { linear } from "./linear.ts";
import { microsoft } from "./microsoft.ts";
import { notion } from "./notion.ts";
import type { AuthorizationRequest, OAuthProvider } from "./provider.ts";
import { slack } from "./slack.ts";

const PROVIDERS: ReadonlyMap<string, OAuthProvider> = new Map(
  [google, microsoft, github, slack, notion, gitlab, linear, atlassian].map((provider) => [
    provider.name,
    provider,
  ]),
);

/** What a plugin may name: the providers that are known by name, and `custom` for the rest. */
export const PROVIDER_NAMES: readonly string[] = [...PROVIDERS.keys(), "custom"];

/** A provider that is known by name; `null` for `custom`, and for any other. */
export function findProvider(name: string): OAuthProvider | null {
  return PROVIDERS.get(name) ?? null;
}

/** Where a person grants, without PKCE's challenge. arctic is loaded when the first one goes: it is many small files. */
export async function providerAuthorizationUrl(
  provider: OAuthProvider,
  request: AuthorizationRequest,
): Promise<URL> {
  const built = provider.authorizationUrl(await import("arctic"), request);
  // arctic knows one address for those that have several.
  const url = new URL(request.endpoints.authorization);
  url.search = built.search;
  return url;
}
