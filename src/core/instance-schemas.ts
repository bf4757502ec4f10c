import * as z from "zod";

/** Settings of an instance that the plugins file and the API take alike. */

const TOOL_PREFIX = /^[A-Za-z0-9_.-]{0,48}$/;
/** Where something is hosted: an origin, and a folder below it if need be, without a slash at the end. */
const BASE_URL = /^https?:\/\/[^/?#@\s]+(?:\/[^/?#@\s]+)*$/;
const TENANT = /^[A-Za-z0-9.-]{1,128}$/;

export const oauthClient = z.strictObject({
  clientId: z.string().min(1).max(2_048).optional().meta({
    description: "As the provider calls this client; left out where the server registers itself.",
  }),
  clientAuth: z.enum(["basic", "post", "private_key_jwt", "none"]).optional().meta({
    description: "How it proves itself to the provider; the provider's usual way when left out.",
  }),
  registration: z.enum(["manual", "metadata-document", "dynamic"]).optional().meta({
    description:
      "How the provider came to know it: by hand (when left out), by its metadata document, or by registering itself.",
  }),
  tenant: z.string().regex(TENANT, "must be a tenant's name or id").optional().meta({
    description: "Microsoft: common, organizations, consumers, or a tenant.",
  }),
  baseUrl: z
    .string()
    .regex(
      BASE_URL,
      "must be an address such as https://gitlab.example.com or https://example.com/gitlab",
    )
    .optional()
    .meta({ description: "Where the provider is, if you host it: https://gitlab.example.com" }),
  grant: z.enum(["authorization_code", "client_credentials"]).optional().meta({
    description: "Who grants: a person (when left out), or the client for itself.",
  }),
});

export const toolPrefix = z
  .string()
  .regex(TOOL_PREFIX, "must be letters, digits, '_', '.' and '-', 48 characters at most");

export const hostKind = z.enum(["in-process", "worker"]);
