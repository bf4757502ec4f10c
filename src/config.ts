import * as z from "zod";
import { AppError } from "./errors.ts";
import { INSTANCE_ID } from "./core/instance-settings.ts";
import type { InstanceEntry } from "./types/instances.ts";

const INSTANCE_ID_RULE =
  "must consist of a-z, 0-9 and -, begin with a letter and have 32 characters at most";
const TOOL_PREFIX = /^[A-Za-z0-9_.-]{0,48}$/;

/** An origin, without anything behind it. */
const BASE_URL = /^https?:\/\/[^/?#@]+$/;
const TENANT = /^[A-Za-z0-9.-]{1,128}$/;

const oauthClient = z.strictObject({
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
    .regex(BASE_URL, "must be an origin such as https://gitlab.example.com")
    .optional()
    .meta({ description: "Where the provider is, if you host it: https://gitlab.example.com" }),
  grant: z.enum(["authorization_code", "client_credentials"]).optional().meta({
    description: "Who grants: a person (when left out), or the client for itself.",
  }),
});

const instanceEntry = z
  .strictObject({
    package: z.string().min(1).meta({
      description: "A folder in the plugins folder (./time) or the name of an npm package.",
    }),
    enabled: z.boolean().optional().meta({ description: "Whether it runs; true when left out." }),
    toolPrefix: z
      .string()
      .regex(TOOL_PREFIX, "must be letters, digits, '_', '.' and '-', 48 characters at most")
      .optional()
      .meta({
        description:
          "What clients see before the names of its tools and prompts; the instance id when left out, nothing when empty.",
      }),
    host: z.enum(["in-process", "worker"]).optional().meta({
      description:
        "Where it runs: in-process, in the server's own thread (when left out), or worker, in a thread of its own.",
    }),
    config: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: "Its settings, as the plugin's own schema has them." }),
    oauth: oauthClient.optional().meta({
      description: "The OAuth client that was set up at the provider. Its secret is in the vault.",
    }),
    locked: z.boolean().optional().meta({
      description: "Whether these settings are this file's alone and the API refuses changes.",
    }),
  })
  .meta({ id: "PluginInstance" });

/** `config/plugins.json`. Unknown members are mistakes, and are named. */
const pluginsFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    plugins: z.record(z.string().regex(INSTANCE_ID, INSTANCE_ID_RULE), instanceEntry).meta({
      description: `The plugin instances by id. An id ${INSTANCE_ID_RULE}.`,
    }),
  })
  .meta({ title: "mcp-plugin-server plugins file" });

/** The same as JSON Schema, in the dialect that editors know best. */
export function pluginsFileJsonSchema(): Record<string, unknown> {
  const { $schema, title, ...schema } = z.toJSONSchema(pluginsFileSchema, {
    io: "input",
    target: "draft-7",
  });
  // Said in VS Code's own words: the file is JSONC.
  return { $schema, title, allowComments: true, allowTrailingCommas: true, ...schema };
}

/** @throws AppError `CONFIG_INVALID` naming each place and what is wrong there */
export function parsePluginsFile(
  content: unknown,
  source: string,
): Readonly<Record<string, InstanceEntry>> {
  const parsed = pluginsFileSchema.safeParse(content);
  if (parsed.success) return parsed.data.plugins;
  const issues = parsed.error.issues.map((issue) => {
    const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
    return `/${issue.path.map(String).join("/")}: ${message}`;
  });
  throw new AppError("CONFIG_INVALID", `${source} is not valid:\n  ${issues.join("\n  ")}`);
}
