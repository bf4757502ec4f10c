import * as z from "zod";
import type { KnownTool } from "../../core/tool-admin.ts";

/** What routes say of tools. */

const jsonSchema = z.record(z.string(), z.unknown());
const annotations = z
  .record(z.string(), z.unknown())
  .nullable()
  .meta({ description: "What its plugin says of it: readOnlyHint and the like." });

export const toolSummary = z
  .object({
    name: z.string().meta({ description: "As clients call it." }),
    plugin: z.string(),
    tool: z.string().meta({ description: "As its plugin calls it." }),
    title: z.string().nullable(),
    description: z.string().nullable(),
    annotations,
  })
  .meta({ id: "ToolSummary" });

export const toolAnswer = z
  .object({
    ...toolSummary.shape,
    name: z.string().nullable().meta({
      description: "As clients call it; null when they do not have it.",
    }),
    enabled: z.boolean(),
    missing: z.boolean().meta({
      description: "Whether its plugin has it no more; what was set of it is kept.",
    }),
    override: z
      .object({ name: z.string().nullable(), description: z.string().nullable() })
      .meta({ description: "What was set in the place of what its plugin says." }),
    original: z.object({ name: z.string(), description: z.string().nullable() }).nullable().meta({
      description: "What its plugin says, behind the prefix; null while it says nothing.",
    }),
    inputSchema: jsonSchema.nullable(),
    outputSchema: jsonSchema.nullable(),
  })
  .meta({ id: "Tool" });

export function toToolAnswer({
  instanceId,
  ownName,
  tool,
  setting,
  publicName,
}: KnownTool): z.input<typeof toolAnswer> {
  const definition = tool?.definition;
  const override = {
    name: setting?.name ?? null,
    description: setting?.description ?? null,
  };
  return {
    name: publicName,
    plugin: instanceId,
    tool: ownName,
    title: definition?.title ?? null,
    description: override.description ?? definition?.description ?? null,
    annotations: toRecord(definition?.annotations),
    enabled: setting?.enabled ?? true,
    missing: tool === null,
    override,
    original: tool && { name: tool.name, description: definition?.description ?? null },
    inputSchema: definition?.inputSchema ?? null,
    outputSchema: definition?.outputSchema ?? null,
  };
}

export function toRecord(object: object | undefined): Record<string, unknown> | null {
  return object === undefined ? null : { ...object };
}
