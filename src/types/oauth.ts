import type { Owner } from "./vault.ts";

/** A token as a plugin sees it. `expiresAt` is in milliseconds since the epoch; `MAX_SAFE_INTEGER` when it does not expire. */
export interface OAuthToken {
  accessToken: string;
  /** Never there where a plugin asks: it stays in the server. */
  refreshToken?: string;
  expiresAt: number;
  scope: string;
  tokenType: "Bearer" | (string & {});
}

/** What a plugin says of the accounts that it needs: part of its `auth`. */
export interface PluginOAuth {
  /**
   * `google`, `microsoft`, `github`, `slack`, `notion`, `gitlab`, `linear`, `atlassian`, or `custom` for a service that `urls`
   * describes.
   */
  provider: string;
  /** What is asked for, and no more. */
  scopes: string[];
  /** For `custom`: the issuer, whose metadata say the rest, or the endpoints one by one. */
  urls?: PluginOAuthUrls;
}

export interface PluginOAuthUrls {
  /** RFC 8414 or OpenID Connect discovery. */
  issuer?: string;
  authorization?: string;
  token?: string;
  revocation?: string;
  /** The protected resource that tokens are for (RFC 8707). */
  resource?: string;
}

/** What the operator has set up at the provider, as it stands in the instance's settings. The secret is in the vault. */
export interface OAuthClientSettings {
  /** Left out where the server registers itself. */
  readonly clientId?: string | undefined;
  /** How the client proves itself at the token endpoint; the provider's own way when left out. */
  readonly clientAuth?: "basic" | "post" | "private_key_jwt" | "none" | undefined;
  /** How the client came to be known: by hand, by a Client ID Metadata Document, by dynamic registration (RFC 7591). */
  readonly registration?: "manual" | "metadata-document" | "dynamic" | undefined;
  /** Microsoft's tenant: `common`, `organizations`, `consumers`, an id or a domain. */
  readonly tenant?: string | undefined;
  /** Where the provider is hosted by the operator (GitLab, GitHub Enterprise): `https://gitlab.example.com`. */
  readonly baseUrl?: string | undefined;
  /** Who grants: a person, or the client for itself. `authorization_code` when left out. */
  readonly grant?: "authorization_code" | "client_credentials" | undefined;
}

/**
 * A way to an account that somebody has asked for and nobody has gone to the end of. The two secrets in it are there as hashes:
 * the handle, which is the address that a person opens, and the state, which comes back from the provider.
 */
export interface OAuthFlow {
  readonly handleHash: string;
  readonly instanceId: string;
  readonly owner: Owner;
  /** Who asked: the id of a principal. */
  readonly startedBy: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Set when a person goes on to the provider. */
  readonly departure: OAuthDeparture | null;
}

/** What the provider's answer must agree with. */
export interface OAuthDeparture {
  readonly stateHash: string;
  /** Of the secret in the browser's cookie. */
  readonly browserHash: string;
  /** Who proved to be the person that goes: the id of a principal. */
  readonly departedBy: string;
  /** The key of this server's that proved it: see `Authenticator.referenceOf`. `null` for an access token of another issuer. */
  readonly keyReference: string | null;
  readonly issuer: string | null;
  /** Of the client and of the server that it was asked for at: the code goes to no other. */
  readonly clientHash: string;
  /** What the provider was asked for, as one text: an answer that names no scope has granted that. */
  readonly scope: string;
  readonly redirectUri: string;
}

/** Keeps flows while they are good. Contract: `test/contract/oauth-store.ts`. */
export interface OAuthFlowStore {
  /**
   * Also forgets those that have expired by `now`, and all but the newest twenty that nobody has opened of the same starter,
   * instance and owner: each call that lacks an account adds one.
   */
  add(flow: OAuthFlow, now: number): Promise<void>;
  find(handleHash: string, now: number): Promise<OAuthFlow | null>;
  /** A person who goes to the provider a second time leaves with another state; the one before counts no more. */
  depart(handleHash: string, departure: OAuthDeparture): Promise<boolean>;
  /**
   * Gives the flow of a state, browser and instance, and takes its departure out in the same step: of two that come with
   * one state, one gets it.
   */
  arrive(
    arrival: Pick<OAuthDeparture, "stateHash" | "browserHash"> & { readonly instanceId: string },
    now: number,
  ): Promise<OAuthFlow | null>;
  remove(handleHash: string): Promise<void>;
}

/** How an owner's account is connected to an instance. The tokens are in the vault. */
export interface OAuthGrant {
  readonly instanceId: string;
  readonly owner: Owner;
  readonly status: "connected" | "needs_reauth";
  /** Why a person is needed, or why the last renewal of what is connected failed; `null` where neither is so. */
  readonly reason: string | null;
  readonly account: string | null;
  readonly scope: string;
  /** Asked for, and not granted. */
  readonly missingScopes: readonly string[];
  readonly connectedAt: number;
  readonly refreshedAt: number | null;
  /** As of the token; `MAX_SAFE_INTEGER` when it does not expire. */
  readonly expiresAt: number;
  readonly isRefreshable: boolean;
  /** Which client at which server it was given to: see `clientOf`. `null` where that was not noted. */
  readonly client: string | null;
  /** Which tokens are the grant's: it grows with every new pair, and stands in the vault's record, too. */
  readonly generation: number;
  /** Set while a refresh token is at the provider, whose answer nobody has saved. */
  readonly intent: string | null;
  /** Grows with every change. */
  readonly rev: number;
}

/** Every change compares `rev` before it sets, in one statement. Contract: `test/contract/oauth-store.ts`. */
export interface OAuthGrantStore {
  find(instanceId: string, owner: Owner): Promise<OAuthGrant | null>;
  /** Sorted by instance and owner. */
  list(instanceId?: string): Promise<readonly OAuthGrant[]>;
  /** @param expected the revision that must stand there, `null` for nothing; the grant's own is one more, or 1 */
  put(grant: Omit<OAuthGrant, "rev">, expected: number | null): Promise<boolean>;
  remove(instanceId: string, owner: Owner): Promise<boolean>;
}
