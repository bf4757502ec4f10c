import type { Principal } from "./principal.ts";

/** An authorization server whose access tokens this server takes. */
export interface IssuerSettings {
  /** By the letter, as it stands in its tokens and its metadata: a slash at the end makes it another one. */
  readonly issuer: string;
  /** What the audience of a token may be, by the letter; the address of `/mcp` when left out. */
  readonly audience?: readonly string[] | undefined;
  /** Where its keys are; what its metadata say (RFC 8414, OpenID Connect) when left out. */
  readonly jwksUri?: string | undefined;
  /** For tokens that are no JWTs; they are refused when this is left out. */
  readonly introspection?: IntrospectionSettings | undefined;
  /** Its names of scopes, each with what it stands for here: then these names count and no others. Its names are ours when left out. */
  readonly scopes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What clients put before the names of scopes when they ask for them; in tokens the names stand without it. */
  readonly scopePrefix?: string | undefined;
}

/** RFC 7662. */
export interface IntrospectionSettings {
  /** What the issuer's metadata say when left out. */
  readonly endpoint?: string | undefined;
  /** As what this server is known there. */
  readonly clientId: string;
  /** Bytes of the caller's own, who zeroes them; `null` when there is no secret. */
  readonly secret: () => Promise<Uint8Array | null>;
}

/** What a token says that is good. The same object each time while nothing of it changes. */
export interface AccessTokenClaims {
  readonly issuer: string;
  /** As it can stand in ids: hashed where the issuer's own could not. */
  readonly subject: string;
  readonly clientId: string | null;
  /** Of ours, in the names that they have here. */
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** May use `/mcp` if any scope of ours is there, and nothing else in any case. */
  readonly principal: Principal;
  /** Aborted when the token has expired, or when its issuer was heard to have ended it. */
  readonly life: AbortSignal;
}
