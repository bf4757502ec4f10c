import type { JsonSchema } from "mcp-plugin-server/plugin";
import { UNITS, type Units } from "./units.ts";

/** The plugin's settings, as its schema lets them through. */
export interface Settings {
  readonly units: Units;
  readonly language: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
}

/** `de`, `pt-BR`, `zh_TW`. */
export const LANGUAGE_PATTERN = "^[A-Za-z]{2}(?:[-_][A-Za-z]{2})?$";

export const SETTINGS_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    // A plain file is no place for it. The server says so in the words of the description.
    apiKey: {
      not: {},
      deprecated: true,
      writeOnly: true,
      description:
        "The API key is not a setting: store it as the credential api_key, and take apiKey out of the settings.",
    },
    units: {
      enum: UNITS,
      default: "metric",
      description: "For calls that name none. Standard is kelvin and metres per second.",
    },
    language: {
      type: "string",
      pattern: LANGUAGE_PATTERN,
      default: "en",
      description: "Of the words for the weather, for calls that name none, such as de or pt-BR.",
    },
    baseUrl: {
      type: "string",
      maxLength: 500,
      // No user, query or fragment, and without TLS this machine alone.
      pattern:
        "^(?:https://[A-Za-z0-9.-]+|http://(?:127\\.0\\.0\\.1|localhost|\\[::1\\]))(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?$",
      default: "https://api.openweathermap.org",
      description: "Where the service is: https, or http for a proxy on this machine.",
    },
    timeoutMs: {
      type: "integer",
      minimum: 100,
      maximum: 25_000,
      default: 10_000,
      description: "Milliseconds that one request may take, with its second try.",
    },
  },
  additionalProperties: false,
};
