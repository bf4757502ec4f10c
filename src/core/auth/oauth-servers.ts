import type { AuthorizationServer } from "oauth4webapi";
import { ok, type Result } from "../../util/result.ts";
import type { OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { announcesPkce, type Discover } from "./oauth-discovery.ts";
import { isEndpoint } from "./oauth-endpoint.ts";
import { refuseWith, type FaultSubject } from "./oauth-faults.ts";
import { findProvider } from "./providers/index.ts";
import type { OAuthProvider, ProviderEndpoints } from "./providers/provider.ts";

/** Whom an instance's accounts are at. */
export interface OAuthServer {
  readonly title: string;
  /** `null` for `custom`. */
  readonly provider: OAuthProvider | null;
  readonly endpoints: ProviderEndpoints;
  /** What `iss` in a callback must be; `null` where nobody says. */
  readonly issuer: string | null;
  /** Where the server itself has said what it is and can do; `null` where nobody has asked it. */
  readonly describedBy: string | null;
  /** For oauth4webapi. Its `issuer` is made up where there is none. */
  readonly metadata: AuthorizationServer;
}

export async function findServer(
  spec: OAuthClientSpec,
  discover: Discover,
): Promise<Result<OAuthServer, OAuthFault>> {
  const { provider: name } = spec.declared;
  const provider = findProvider(name);
  if (provider !== null) return namedServer(provider, spec);
  if (name === "custom") return customServer(spec, discover);
  return refuseWith("misconfigured", "The plugin names a provider that this server does not know.");
}

export function subjectOf(server: OAuthServer, spec: OAuthClientSpec): FaultSubject {
  return { title: server.title, provider: server.provider, spec };
}

function namedServer(
  provider: OAuthProvider,
  { settings }: OAuthClientSpec,
): Result<OAuthServer, OAuthFault> {
  const found = provider.endpoints(settings);
  if (!found.ok) {
    return refuseWith("misconfigured", `In the instance's \`oauth\` settings: ${found.reason}`);
  }
  return toServer(provider.title, provider, found.value, null);
}

async function customServer(
  { declared, settings }: OAuthClientSpec,
  discover: Discover,
): Promise<Result<OAuthServer, OAuthFault>> {
  const { issuer, authorization, token, revocation } = declared.urls ?? {};
  let metadata: AuthorizationServer | null = null;
  if (issuer !== undefined && (authorization === undefined || token === undefined)) {
    const found = await discover(issuer);
    if (!found.ok) return found;
    metadata = found.value;
    if (settings.grant !== "client_credentials" && !announcesPkce(metadata)) {
      return refuseWith(
        "misconfigured",
        `${new URL(issuer).host} does not say that it takes PKCE with S256, and this server never goes without. If it does, name \`urls.authorization\` and \`urls.token\` in the plugin.`,
      );
    }
  }
  const endpoints = {
    issuer: issuer ?? null,
    authorization: authorization ?? metadata?.authorization_endpoint ?? "",
    token: token ?? metadata?.token_endpoint ?? "",
    revocation: revocation ?? metadata?.revocation_endpoint,
  };
  const host = URL.parse(issuer ?? endpoints.token)?.host;
  if (host === undefined) {
    return refuseWith(
      "misconfigured",
      "The plugin must name `urls.issuer`, or `urls.authorization` and `urls.token`.",
    );
  }
  return toServer(host, null, endpoints, metadata);
}

function toServer(
  title: string,
  provider: OAuthProvider | null,
  { revocation, ...rest }: Omit<ProviderEndpoints, "revocation"> & { revocation?: unknown },
  metadata: AuthorizationServer | null,
): Result<OAuthServer, OAuthFault> {
  const endpoints: ProviderEndpoints = {
    ...rest,
    ...(isEndpoint(revocation) && { revocation }),
  };
  for (const endpoint of [endpoints.token, endpoints.authorization]) {
    if (!isEndpoint(endpoint)) {
      return refuseWith(
        "misconfigured",
        `${title} has no endpoint with \`https:\` where one is needed.`,
      );
    }
  }
  return ok({
    title,
    provider,
    endpoints,
    issuer: endpoints.issuer,
    describedBy: metadata?.issuer ?? null,
    metadata: {
      ...metadata,
      issuer: endpoints.issuer ?? new URL(endpoints.token).origin,
      authorization_endpoint: endpoints.authorization,
      token_endpoint: endpoints.token,
      ...(endpoints.revocation !== undefined && { revocation_endpoint: endpoints.revocation }),
    },
  });
}
