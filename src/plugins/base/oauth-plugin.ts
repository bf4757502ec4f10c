import type { PluginAuthConfig } from "../../types/auth.ts";
import { ToolError } from "../tool-error.ts";
import { BasePlugin } from "./base-plugin.ts";

/** A plugin for a service that knows its caller by an OAuth 2 access token. */
export abstract class OAuthPlugin extends BasePlugin {
  get auth(): PluginAuthConfig {
    return { type: "oauth2", required: true, fields: {} };
  }

  /** The value of an `Authorization` header. @throws ToolError that says what to do, while no account is connected */
  protected async authorization(): Promise<string> {
    if (!(await this.context.isAuthenticated())) {
      throw new ToolError(
        `No account is connected to "${this.context.pluginId}" yet. Ask the server's administrator to connect one.`,
      );
    }
    return `Bearer ${await this.context.getAccessToken()}`;
  }
}
