import * as z from "zod";
import { AppError } from "./errors.ts";
import { hostKind, oauthClient, toolPrefix } from "./core/instance-schemas.ts";
import { INSTANCE_ID } from "./core/instance-settings.ts";
import type { InstanceEntry } from "./types/instances.ts";

const INSTANCE_ID_RULE =
  "must consist of a-z, 0-9 and -, begin with a letter and have 32 characters at most";

const instanceEntry = z
  .strictObject({
    package: z.string().min(1).meta({
      description: "A folder in the plugins folder (./time) or the name of an npm package.",
    }),
    enabled: z.boolean().optional().meta({ description: "Whether it runs; true when left out." }),
    toolPrefix: toolPrefix.optional().meta({
      description:
        "What clients see before the names of its tools and prompts; the instance id when left out, nothing when empty.",
    }),
    host: hostKind.optional().meta({
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
