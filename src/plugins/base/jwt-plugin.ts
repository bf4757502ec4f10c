import type { PluginAuthConfig } from "../../types/auth.ts";
import { ToolError } from "../tool-error.ts";
import { BasePlugin } from "./base-plugin.ts";

const FIELD = "private_key";

/** A plugin for a service that knows its caller by a token signed with a private key. */
export abstract class JwtPlugin extends BasePlugin {
  /** What the key is and where a person gets one. */
  protected abstract readonly privateKeyDescription: string;

  get auth(): PluginAuthConfig {
    return {
      type: "jwt",
      required: true,
      fields: {
        [FIELD]: { type: "password", required: true, description: this.privateKeyDescription },
      },
    };
  }

  /** The private key in PEM. @throws ToolError that says what to do, while nobody has stored one */
  protected async privateKey(): Promise<string> {
    const key = await this.context.getCredential(FIELD);
    if (key === null) {
      throw new ToolError(
        `"${this.context.pluginId}" has no private key yet. Ask the server's administrator to store it as the credential "${FIELD}": ${this.privateKeyDescription}`,
      );
    }
    return key;
  }
}
