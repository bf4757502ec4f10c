import type { PluginAuthConfig } from "../../types/auth.ts";
import { BasePlugin } from "./base-plugin.ts";
import { missingCredential } from "./missing-credential.ts";

const FIELD = "api_key";

/** A plugin for a service that knows its caller by an API key. */
export abstract class ApiKeyPlugin extends BasePlugin {
  /** What the key is and where a person gets one. */
  protected abstract readonly apiKeyDescription: string;

  get auth(): PluginAuthConfig {
    return {
      type: "api-key",
      required: true,
      fields: {
        [FIELD]: { type: "password", required: true, description: this.apiKeyDescription },
      },
    };
  }

  /** @throws ToolError that says what to do, while nobody has stored a key */
  protected async apiKey(): Promise<string> {
    const key = await this.context.getCredential(FIELD);
    if (key !== null) return key;
    throw missingCredential(this.context.pluginId, "API key", FIELD, this.apiKeyDescription);
  }
}
