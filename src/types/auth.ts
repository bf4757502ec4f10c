import type { PluginOAuth } from "./oauth.ts";

/** One field of a plugin's authentication: what a person is asked for. */
export interface PluginAuthField {
  type: "string" | "password" | "url";
  required: boolean;
  description: string;
  /** Checked on the value a person enters. Crosses process boundaries as source and flags. */
  validation?: RegExp | { source: string; flags?: string };
}

/**
 * How a plugin authenticates to the service behind it.
 *
 * `owner` says whose credentials these are: `shared` (the default) is one set for everyone who may use the
 * instance, `user` is one set per caller.
 */
export interface PluginAuthConfig {
  type: "api-key" | "oauth2" | "jwt" | "custom";
  required: boolean;
  fields: { [key: string]: PluginAuthField };
  owner?: "shared" | "user";
  /** Whose accounts, and what for, where `type` is `oauth2`. */
  oauth?: PluginOAuth;
}

/** A credential that a plugin cannot do without and that nobody has stored, in the words of whoever wrote the plugin. */
export interface MissingCredential {
  readonly name: string;
  readonly description: string;
}

export type JwtAlgorithm = "RS256" | "ES256" | "EdDSA" | "HS256";

/** A token that the server is to sign, so that the key need not leave it. */
export interface JwtRequest {
  /** JSON. `iat`, `exp` and `jti` are added where they are left out. */
  claims: Record<string, unknown>;
  algorithm: JwtAlgorithm;
  /** How long the token is good for; 300 when left out, 3,600 at most. Not beside a claim `exp`. */
  expiresInSeconds?: number;
  header?: { kid?: string };
  /**
   * The credential that holds the key: a private key in PEM (PKCS#8), or for HS256 the secret itself, at least 32 bytes.
   * `private_key` when left out.
   */
  key?: string;
}
