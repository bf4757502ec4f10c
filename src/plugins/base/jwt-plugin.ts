import type { JwtAlgorithm, JwtRequest, PluginAuthConfig } from "../../types/auth.ts";
import { LruMap } from "../../util/lru.ts";
import { BasePlugin } from "./base-plugin.ts";
import { missingCredential } from "./missing-credential.ts";

const FIELD = "private_key";
const DEFAULT_LIFE_S = 300;
/** The part of its life in which a token is used; what is left is for the way to the service and for clocks that differ. */
const USED_PART = 0.8;
const MAX_KEPT_TOKENS = 32;

/** How a token is signed; `RS256`, and good for 300 seconds, when left out. */
export type SignTokenOptions = Pick<JwtRequest, "expiresInSeconds" | "header"> & {
  algorithm?: JwtAlgorithm;
};

interface KeptToken {
  readonly token: Promise<string>;
  readonly until: number;
}

/** A plugin for a service that knows its caller by a token signed with a private key. The key stays in the server. */
export abstract class JwtPlugin extends BasePlugin {
  /** What the key is and where a person gets one. */
  protected abstract readonly privateKeyDescription: string;
  #tokens = new LruMap<string, KeptToken>(MAX_KEPT_TOKENS);

  get auth(): PluginAuthConfig {
    return {
      type: "jwt",
      required: true,
      fields: {
        [FIELD]: { type: "password", required: true, description: this.privateKeyDescription },
      },
    };
  }

  /**
   * A token with these claims; the same one again, until shortly before it expires.
   *
   * @param claims without `exp`: `expiresInSeconds` says how long it is good for
   * @throws ToolError that says what to do, while nobody has stored a key
   * @throws AppError `CREDENTIAL_INVALID` that says what of the key or the claims is wrong
   */
  protected async signToken(
    claims: Record<string, unknown>,
    { algorithm = "RS256", expiresInSeconds = DEFAULT_LIFE_S, header = {} }: SignTokenOptions = {},
  ): Promise<string> {
    const request: JwtRequest = { claims, algorithm, expiresInSeconds, header, key: FIELD };
    const name = JSON.stringify(request);
    // oxlint-disable-next-line no-restricted-properties -- a plugin is handed no clock
    const now = Date.now();
    const kept = this.#tokens.get(name);
    // A clock that was set back makes no token last longer than it may.
    const lasts = expiresInSeconds * 1_000 * USED_PART;
    if (kept !== undefined && now < kept.until && kept.until - now <= lasts) return kept.token;
    const token = this.#sign(request);
    const fresh = { token, until: now + lasts };
    this.#tokens.set(name, fresh);
    token.catch(() => this.#tokens.set(name, { ...fresh, until: 0 }));
    return token;
  }

  override async cleanup(): Promise<void> {
    this.#tokens = new LruMap(MAX_KEPT_TOKENS);
    await super.cleanup();
  }

  async #sign(request: JwtRequest): Promise<string> {
    const { context } = this;
    try {
      return await context.signJwt(request);
    } catch (error) {
      // By its code: a plugin may hold its own copy of the class.
      if ((error as { code?: unknown } | null)?.code !== "CREDENTIAL_NOT_FOUND") throw error;
      throw missingCredential(context.pluginId, "private key", FIELD, this.privateKeyDescription);
    }
  }
}
