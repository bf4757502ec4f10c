import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  clientCredentialsGrantRequest,
  customFetch,
  refreshTokenGrantRequest,
  type ClientAuth,
} from "oauth4webapi";
import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthClientSettings, OAuthToken, PluginOAuth } from "../../types/oauth.ts";
import type { Outbound } from "../../types/outbound.ts";
import type { Time } from "../../types/runtime.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { askForAccount } from "./oauth-account.ts";
import { authorizationUrl } from "./oauth-authorization.ts";
import { checkCallback } from "./oauth-callback.ts";
import { createDiscovery } from "./oauth-discovery.ts";
import { attempt, refuseWith } from "./oauth-faults.ts";
import {
  authenticate,
  basicOf,
  createIdentification,
  type ClientIdentity,
} from "./oauth-identity.ts";
import { forgetRegistration, type RegistrationUse } from "./oauth-registration.ts";
import { readScopes, scopesToAsk } from "./oauth-scopes.ts";
import { findServer, type OAuthServer } from "./oauth-servers.ts";
import { readTokenAnswer, type TokenRequest } from "./oauth-token-answers.ts";
import { createOAuthFetch, fetchAt } from "./oauth-transport.ts";
import { revokeByRequest, revokeByStandard } from "./oauth-revocation.ts";

/** An instance's OAuth client: what its plugin declares, and what the operator has set. */
export interface OAuthClientSpec {
  readonly instanceId: string;
  readonly declared: PluginOAuth;
  readonly settings: OAuthClientSettings;
  readonly redirectUri: string;
  /** Where our Client ID Metadata Document for this instance is. */
  readonly metadataUrl: string;
  /**
   * The operator's secret, or the private key in PEM, for the callee to zero; `null` when none is stored, `elsewhere` when it
   * was stored for another server.
   */
  readonly secret: () => Promise<Uint8Array | "elsewhere" | null>;
  /** What a dynamic registration answered, as JSON, kept in the vault. */
  readonly registered: {
    readonly load: () => Promise<string | null>;
    readonly save: (json: string) => Promise<void>;
    /** Does something with it while no other process does. */
    readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  };
}

/** Why a provider did not give what was asked for. */
export interface OAuthFault {
  readonly kind: "denied" | "invalid-grant" | "temporary" | "misconfigured" | "bad-answer";
  /** A sentence for people: what happened, and what to do. Without secrets, and without the provider's own free text. */
  readonly reason: string;
  readonly retryAfterMs?: number;
  /** The provider has said no, or was never asked: what was, or would have been, sent is as good as before. Left out where nobody knows. */
  readonly isDefinite?: true;
  /** The provider's error code, if it has the form of one. */
  readonly code?: string;
}

export interface GrantedToken {
  /** With the refresh token, if the provider gave one. */
  readonly token: OAuthToken;
  /** Asked for, and not granted. */
  readonly missingScopes: readonly string[];
  /** Whose it is, for people to see. `null` where the answer does not say, as answers to a refresh mostly do not. */
  readonly account: string | null;
}

/** What a person is sent to the provider with. */
export interface AuthorizationTarget {
  readonly url: string;
  /** `null` where the provider has no name of that kind. */
  readonly issuer: string | null;
  /** What is asked for, as one text. */
  readonly scope: string;
}

/** Speaks to providers: nothing else does. */
export interface OAuthClient {
  /** Where the person goes. The issuer is recorded with the flow and checked when they come back. */
  authorizationUrl(
    spec: OAuthClientSpec,
    flow: { readonly state: string; readonly codeVerifier: string },
  ): Promise<Result<AuthorizationTarget, OAuthFault>>;
  /** @param flow `callback` is the whole query of the callback, `scope` what the person was sent there with: what is declared now, when left out */
  exchange(
    spec: OAuthClientSpec,
    flow: {
      readonly state: string;
      readonly codeVerifier: string;
      readonly issuer: string | null;
      readonly scope?: string;
      readonly callback: URLSearchParams;
    },
  ): Promise<Result<GrantedToken, OAuthFault>>;
  refresh(
    spec: OAuthClientSpec,
    refreshToken: string,
    scope: string,
  ): Promise<Result<GrantedToken, OAuthFault>>;
  clientCredentials(spec: OAuthClientSpec): Promise<Result<GrantedToken, OAuthFault>>;
  /** Never throws: what is deleted here is deleted, whatever the provider says. */
  revoke(
    spec: OAuthClientSpec,
    token: { readonly accessToken: string; readonly refreshToken?: string },
  ): Promise<"revoked" | "unsupported" | "failed">;
}

export interface OAuthClientDeps {
  readonly outbound: Outbound;
  readonly time: Time;
  readonly logger: Logger;
}

export function createOAuthClient({ outbound, time, logger }: OAuthClientDeps): OAuthClient {
  const fetch = createOAuthFetch(outbound);
  const discover = createDiscovery(fetch, time);
  const identify = createIdentification({ fetch, time });
  const optionsFor = (server: OAuthServer) =>
    ({ [customFetch]: fetchAt(fetch, server), [allowInsecureRequests]: true }) as const;

  const identified = async (
    spec: OAuthClientSpec,
    use: RegistrationUse,
  ): Promise<Result<{ server: OAuthServer; identity: ClientIdentity }, OAuthFault>> => {
    const server = await findServer(spec, discover);
    if (!server.ok) return beforeSending(server.reason);
    const identity = await identify(spec, server.value, use);
    if (!identity.ok) return beforeSending(identity.reason);
    return ok({ server: server.value, identity: identity.value });
  };

  /** Everything at a token endpoint but what is sent. */
  const requestToken = async (
    spec: OAuthClientSpec,
    { server, identity }: { server: OAuthServer; identity: ClientIdentity },
    request: Pick<TokenRequest, "step" | "scope" | "isRefreshable">,
    send: (client: { client_id: string }, auth: ClientAuth) => Promise<Response>,
  ): Promise<Result<GrantedToken, OAuthFault>> => {
    const auth = await authenticate(spec, server, identity);
    if (!auth.ok) return beforeSending(auth.reason);
    const client = { client_id: identity.clientId };
    const response = await attempt(server.title, () => send(client, auth.value));
    if (!response.ok) return response;
    const answer = { spec, server, ...request };
    const granted = await readTokenAnswer(response.value, answer, { time, logger });
    const { registered } = identity;
    if (granted.ok || registered === null || granted.reason.code !== "invalid_client") {
      return granted;
    }
    // What a server has given to a client that it no longer knows, it gives to no other.
    await forgetRegistration(spec, registered);
    return refuseWith(
      "invalid-grant",
      `${server.title} has forgotten this client. Connect again: it registers itself anew.`,
    );
  };

  const extras = ({ declared }: OAuthClientSpec): Record<string, string> =>
    declared.urls?.resource === undefined ? {} : { resource: declared.urls.resource };

  return {
    async authorizationUrl(spec, flow) {
      const found = await identified(spec, "authorization");
      if (!found.ok) return found;
      const { server, identity } = found.value;
      const url = await authorizationUrl(spec, server, identity.clientId, flow);
      const scope = scopesToAsk(spec.declared.scopes, server.provider).join(" ");
      return ok({ url: url.href, issuer: server.issuer, scope });
    },

    async exchange(spec, { codeVerifier, scope: asked, ...flow }) {
      const found = await identified(spec, "grant");
      if (!found.ok) return found;
      const { server, identity } = found.value;
      const callback = checkCallback(spec, server, identity.clientId, flow);
      if (!callback.ok) return callback;
      const scope = asked ?? scopesToAsk(spec.declared.scopes, server.provider).join(" ");
      const request = { step: "exchange", scope, isRefreshable: false } as const;
      const granted = await requestToken(spec, found.value, request, (client, auth) =>
        authorizationCodeGrantRequest(
          server.metadata,
          client,
          auth,
          callback.value,
          spec.redirectUri,
          codeVerifier,
          { ...optionsFor(server), additionalParameters: extras(spec) },
        ),
      );
      if (!granted.ok || granted.value.account !== null) return granted;
      const { accessToken } = granted.value.token;
      return ok({ ...granted.value, account: await askForAccount(outbound, server, accessToken) });
    },

    async refresh(spec, refreshToken, scope) {
      const found = await identified(spec, "grant");
      if (!found.ok) return found;
      const { server } = found.value;
      const { provider, metadata } = server;
      const asked = scopesToAsk(readScopes(scope), provider).join(" ");
      const additionalParameters = {
        ...extras(spec),
        ...(provider?.refreshesWithScope && { scope: asked }),
      };
      const request = { step: "refresh", scope, isRefreshable: true } as const;
      return requestToken(spec, found.value, request, (client, auth) =>
        refreshTokenGrantRequest(metadata, client, auth, refreshToken, {
          ...optionsFor(server),
          additionalParameters,
        }),
      );
    },

    async clientCredentials(spec) {
      const found = await identified(spec, "own-grant");
      if (!found.ok) return found;
      const { server } = found.value;
      const scope = spec.declared.scopes.join(" ");
      const parameters = { ...extras(spec), ...(scope !== "" && { scope }) };
      const request = { step: "client", scope, isRefreshable: false } as const;
      return requestToken(spec, found.value, request, (client, auth) =>
        clientCredentialsGrantRequest(
          server.metadata,
          client,
          auth,
          parameters,
          optionsFor(server),
        ),
      );
    },

    async revoke(spec, token) {
      try {
        const found = await identified(spec, "grant");
        if (!found.ok) return "failed";
        const { server, identity } = found.value;
        const { provider, endpoints } = server;
        if (provider?.revocation !== undefined) {
          const basic = await basicOf(spec, identity);
          const { clientId } = identity;
          const { accessToken } = token;
          const request = provider.revocation({ endpoints, clientId, basic, accessToken });
          return request === null ? "failed" : await revokeByRequest(request, fetch);
        }
        const auth = await authenticate(spec, server, identity);
        if (!auth.ok) return "failed";
        const client = { clientId: identity.clientId, auth: auth.value };
        return await revokeByStandard(server, client, token, fetch);
      } catch (error) {
        logger.warn("A provider did not end a grant", {
          instanceId: spec.instanceId,
          cause: messageOf(error),
        });
        return "failed";
      }
    },
  };
}

/** What was in the way before anything of the grant left this server. */
function beforeSending(fault: OAuthFault): Result<never, OAuthFault> {
  return refuse({ ...fault, isDefinite: true });
}
