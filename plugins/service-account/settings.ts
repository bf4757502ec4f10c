import type { JsonSchema } from "mcp-plugin-server/plugin";

export const CHANGING_METHODS = ["POST", "PUT", "PATCH", "DELETE"] as const;

export type ChangingMethod = (typeof CHANGING_METHODS)[number];

/** The plugin's settings, as its schema lets them through. */
export interface Settings {
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly audience?: string;
  readonly scope?: string;
  readonly subject?: string;
  readonly algorithm: "RS256" | "ES256" | "EdDSA";
  readonly methods: readonly ChangingMethod[];
  readonly timeoutMs: number;
}

// No user, query or fragment, and without TLS this machine alone.
const ADDRESS = {
  type: "string",
  maxLength: 500,
  pattern:
    "^(?:https://[A-Za-z0-9.-]+|http://(?:127\\.0\\.0\\.1|localhost|\\[::1\\]))(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?$",
};

const TEXT = { type: "string", minLength: 1, maxLength: 1_000 };

export const SETTINGS_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    baseUrl: {
      ...ADDRESS,
      description: "Where the API is: https, or http on this machine. Nothing above it is reached.",
    },
    tokenUrl: { ...ADDRESS, description: "Where access tokens come from." },
    audience: { ...TEXT, description: "Whom the assertion is for. Left out: tokenUrl." },
    scope: { ...TEXT, description: "What the access token is for, separated by spaces." },
    subject: { ...TEXT, description: "For whom it acts. Left out: the issuer itself." },
    algorithm: {
      enum: ["RS256", "ES256", "EdDSA"],
      default: "RS256",
      description: "Of the signature; it must go with the private key.",
    },
    methods: {
      type: "array",
      items: { enum: CHANGING_METHODS },
      uniqueItems: true,
      default: [],
      description: "What may be done besides reading. Left out: nothing.",
    },
    timeoutMs: {
      type: "integer",
      minimum: 100,
      maximum: 55_000,
      default: 20_000,
      description: "Milliseconds that one call may take, with all its tries.",
    },
  },
  required: ["baseUrl", "tokenUrl"],
  additionalProperties: false,
};
