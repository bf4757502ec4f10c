import type { PluginAuthConfig } from "../../types/auth.ts";
import type { PluginOAuth } from "../../types/oauth.ts";
import { BasePlugin } from "./base-plugin.ts";

/** A plugin for a service that knows its caller by an OAuth 2 access token. */
export abstract class OAuthPlugin extends BasePlugin {
  /** Whose accounts, and what for. */
  protected abstract readonly oauth: PluginOAuth;

  get auth(): PluginAuthConfig {
    return { type: "oauth2", required: true, fields: {}, oauth: this.oauth };
  }

  /** The value of an `Authorization` header. While no account is connected, what it throws becomes the question to connect one. */
  protected async authorization(): Promise<string> {
    return `Bearer ${await this.context.getAccessToken()}`;
  }
}
