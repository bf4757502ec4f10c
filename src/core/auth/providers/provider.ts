import type * as Arctic from "arctic";
import type { OAuthClientSettings } from "../../../types/oauth.ts";
import type { Result } from "../../../util/result.ts";
import type { OAuthFault } from "../oauth-client.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** What sets a provider apart from what the standards say. Everything that it leaves out goes by the standards. */
export interface OAuthProvider {
  /** What plugins and settings call it. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** How a client proves itself there, unless the settings say so. */
  readonly clientAuth: "basic" | "post";
  /** Where it is. Refuses settings that make no address, in words for whoever wrote them. */
  readonly endpoints: (settings: OAuthClientSettings) => Result<ProviderEndpoints, string>;
  /** The query of the authorization request, as arctic has it. The PKCE challenge and the address are set afterwards. */
  readonly authorizationUrl: (arctic: typeof Arctic, request: AuthorizationRequest) => URL;
  /** Asked for beside the plugin's own scopes, because nothing is refreshed without. */
  readonly offlineScopes?: readonly string[];
  /** The scopes go along when a token is refreshed. */
  readonly refreshesWithScope?: true;
  /** A token answer in the form of RFC 6749. */
  readonly readAnswer?: (body: JsonObject) => JsonObject;
  /** What the error codes of its token endpoint mean that are its own, or mean something else there than elsewhere. */
  readonly errors?: Readonly<Record<string, OAuthFault["kind"]>>;
  /** The same for an answer to a refresh alone. */
  readonly refreshErrors?: Readonly<Record<string, OAuthFault["kind"]>>;
  /** One name for a scope that has several. */
  readonly canonicalScope?: (scope: string) => string;
  /** Scopes that another one includes, so that they are not named when they are granted. */
  readonly includedScopes?: Readonly<Record<string, readonly string[]>>;
  /** Whether a token has no scopes at all, because what it may do is written elsewhere. */
  readonly isScopeless?: (accessToken: string) => boolean;
  /** Who has granted, as far as a token answer says so. */
  readonly account?: (body: JsonObject) => unknown;
  /** A revocation ends all that the person has granted the client, also to other instances. */
  readonly revokesAll?: true;
  /** How a grant is ended where not by RFC 7009; `null` when something is missing for it. */
  readonly revocation?: (grant: RevokedGrant) => RevocationRequest | null;
}

export interface ProviderEndpoints {
  /** What `iss` in a callback must be, if it is there; `null` where nobody says. */
  readonly issuer: string | null;
  readonly authorization: string;
  readonly token: string;
  readonly revocation?: string;
  /** Where an access token gets its owner's name, and what the name is called there. */
  readonly account?: { readonly url: string; readonly field: string };
  /** The API, for a revocation of its own. */
  readonly api?: string;
}

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly codeVerifier: string;
  readonly scopes: readonly string[];
  readonly settings: OAuthClientSettings;
  readonly endpoints: ProviderEndpoints;
}

export interface RevokedGrant {
  readonly endpoints: ProviderEndpoints;
  readonly clientId: string;
  /** The client's `Authorization`; `null` without a secret. */
  readonly basic: string | null;
  readonly accessToken: string;
}

export interface RevocationRequest {
  readonly url: string;
  readonly method: "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** @param body the answer's JSON, an empty object when it is none */
  readonly isDone: (status: number, body: JsonObject) => boolean;
}
