import * as z from "zod";
import { PLUGIN_STATES } from "../../core/plugin-state.ts";
import { toolAnswer } from "./tool-answers.ts";

/** What routes say of plugin instances. */

const json = z.record(z.string(), z.unknown());
const definitions = z.array(z.looseObject({ name: z.string() }));
const source = z.enum(["stored", "file", "default"]);

export const pluginStatus = z
  .object({
    id: z.string(),
    package: z.string(),
    enabled: z.boolean(),
    host: z.string(),
    locked: z.boolean().meta({ description: "Whether its settings are the plugins file's alone." }),
    state: z.enum(PLUGIN_STATES),
    error: z.string().nullable(),
    missing: z
      .array(z.object({ name: z.string(), description: z.string() }))
      .meta({ description: "The credentials that it waits for." }),
    reloadError: z.string().nullable().meta({
      description: "Why the latest version of its code or settings is not the one that runs.",
    }),
    name: z.string().nullable().meta({ description: "As its code calls itself, once loaded." }),
    version: z.string().nullable(),
    description: z.string().nullable(),
    dependencies: z.array(z.string()),
    failures: z.int().meta({ description: "Failures in a row." }),
    tools: z.array(z.string()).meta({ description: "The names that clients have." }),
    quarantined: z
      .array(z.object({ kind: z.string(), name: z.string(), reason: z.string() }))
      .meta({ description: "What it offers and clients do not have, and why." }),
  })
  .meta({ id: "PluginStatus" });

export const plugin = z
  .object({
    ...pluginStatus.shape,
    tools: z.array(toolAnswer),
    resources: definitions,
    resourceTemplates: definitions,
    prompts: definitions,
    dependents: z.array(z.string()).meta({ description: "The instances that need it." }),
    auth: z
      .object({
        type: z.string(),
        required: z.boolean(),
        owner: z.enum(["shared", "user"]),
        provider: z.string().nullable(),
        fields: z.array(
          z.object({
            name: z.string(),
            type: z.string(),
            required: z.boolean(),
            description: z.string(),
            isSet: z.boolean().nullable().meta({
              description: "Whether it is stored; null where each user has their own.",
            }),
          }),
        ),
      })
      .nullable()
      .meta({ description: "The credentials that it needs." }),
    toolPrefix: z.string(),
    config: json.meta({ description: "Its settings, with null where one is hidden." }),
    hidden: z.array(z.string()).meta({
      description:
        "JSON Pointers into config of what is not shown: secrets, and what no schema describes.",
    }),
    configSchema: json.nullable().meta({ description: "JSON Schema of its settings." }),
    oauth: json,
    sources: z
      .object({
        package: source,
        enabled: source,
        toolPrefix: source,
        host: source,
        config: source,
        oauth: source,
      })
      .meta({ description: "Where each setting comes from." }),
  })
  .meta({ id: "Plugin" });
