import type { PluginCatalog } from "../types/host.ts";
import type { JsonSchema } from "../types/json.ts";
import type { Prompt, Resource, ResourceTemplate, Tool } from "../types/plugin.ts";
import type { Sha256 } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { toHex, utf8 } from "../util/bytes.ts";
import { readHeaderParams } from "./header-params.ts";
import type { PluginRun } from "./plugin-run.ts";
import { schemaFault } from "./schema-rules.ts";

const NAME = /^[A-Za-z0-9_.-]+$/;
const MAX_NAME = 64;
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 600_000;

/** One instance's offer, checked and under the names that clients see. Made once a change, never per request. */
export interface PreparedCatalog {
  readonly instanceId: string;
  readonly tools: readonly CatalogTool[];
  readonly resources: readonly CatalogResource[];
  readonly resourceTemplates: readonly CatalogTemplate[];
  readonly prompts: readonly CatalogPrompt[];
  readonly quarantined: readonly Quarantined[];
}

/** Something that a plugin offers and no client sees, and why. */
export interface Quarantined {
  readonly kind: "tool" | "resource" | "resource template" | "prompt";
  readonly name: string;
  readonly reason: string;
}

export interface CatalogTool {
  readonly name: string;
  readonly run: PluginRun;
  /** The plugin's own name of it. */
  readonly ownName: string;
  /** As `tools/list` shows it. */
  readonly definition: ToolDefinition;
  readonly inputDigest: string;
  readonly outputDigest: string | null;
  /** Whether the input schema has `x-mcp-header` annotations, which request headers must repeat. */
  readonly hasHeaderParams: boolean;
  readonly timeoutMs: number;
}

export type ToolDefinition = Omit<Tool, "timeoutMs" | "inputSchema"> & {
  readonly name: string;
  readonly inputSchema: JsonSchema;
};

export interface CatalogResource {
  readonly uri: string;
  readonly run: PluginRun;
  readonly definition: Omit<Resource, "text" | "blob">;
  /** Contents that the plugin gave with the list. */
  readonly inline: { readonly text: string } | { readonly blob: string } | null;
}

export interface CatalogTemplate {
  readonly uriTemplate: string;
  readonly run: PluginRun;
  readonly definition: ResourceTemplate;
}

export interface CatalogPrompt {
  readonly name: string;
  readonly run: PluginRun;
  readonly ownName: string;
  readonly definition: Prompt;
}

export interface PrepareDeps {
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
}

/** Checks what a plugin offers. What breaks a rule is quarantined by itself and costs the plugin nothing else. */
export async function prepareCatalog(
  run: PluginRun,
  toolPrefix: string,
  offer: PluginCatalog,
  deps: PrepareDeps,
): Promise<PreparedCatalog> {
  const quarantined: Quarantined[] = [...offer.faults];
  const publicName = (name: string) => (toolPrefix === "" ? name : `${toolPrefix}_${name}`);

  const tools: CatalogTool[] = [];
  for (const tool of offer.tools) {
    const name = publicName(tool.name);
    const reason = nameFault(tool.name, name) ?? toolFault(tool, deps.engine);
    if (reason !== null) quarantined.push({ kind: "tool", name: tool.name, reason });
    else tools.push(await toCatalogTool(tool, name, run, deps.sha256));
  }

  const prompts: CatalogPrompt[] = [];
  for (const prompt of offer.prompts) {
    const name = publicName(prompt.name);
    const reason = nameFault(prompt.name, name);
    if (reason !== null) quarantined.push({ kind: "prompt", name: prompt.name, reason });
    else prompts.push({ name, run, ownName: prompt.name, definition: { ...prompt, name } });
  }

  const resources: CatalogResource[] = [];
  for (const resource of offer.resources) {
    const { text, blob, ...definition } = resource;
    const reason = uriFault(resource.uri);
    if (reason !== null) {
      quarantined.push({ kind: "resource", name: String(resource.uri), reason });
    } else {
      const inline = text !== undefined ? { text } : blob !== undefined ? { blob } : null;
      resources.push({ uri: resource.uri, run, definition, inline });
    }
  }

  return {
    instanceId: run.instanceId,
    tools,
    prompts,
    resources,
    resourceTemplates: offer.resourceTemplates.map((definition) => ({
      uriTemplate: definition.uriTemplate,
      run,
      definition,
    })),
    quarantined,
  };
}

function nameFault(ownName: unknown, name: string): string | null {
  if (typeof ownName !== "string" || !NAME.test(ownName)) {
    return "its name must consist of letters, digits, '_', '.' and '-'";
  }
  return name.length > MAX_NAME ? `its name "${name}" is longer than ${MAX_NAME} characters` : null;
}

function uriFault(uri: unknown): string | null {
  return typeof uri === "string" && URL.canParse(uri) ? null : "its uri is not an absolute URI";
}

function toolFault(tool: Tool, engine: SchemaEngine): string | null {
  const { inputSchema = {}, outputSchema } = tool;
  const inputFault = schemaFault(inputSchema, engine);
  if (inputFault !== null) return `its inputSchema ${inputFault}`;
  if (inputSchema["type"] !== undefined && inputSchema["type"] !== "object") {
    return 'its inputSchema must have the type "object"';
  }
  const outputFault = outputSchema === undefined ? null : schemaFault(outputSchema, engine);
  if (outputFault !== null) return `its outputSchema ${outputFault}`;
  const { fault } = readHeaderParams(inputSchema);
  return fault === null ? null : `its inputSchema has an invalid ${fault}`;
}

async function toCatalogTool(
  tool: Tool,
  name: string,
  run: PluginRun,
  sha256: Sha256,
): Promise<CatalogTool> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, inputSchema = {}, outputSchema, ...rest } = tool;
  const fullInputSchema = { type: "object", ...inputSchema };
  const digest = async (schema: JsonSchema) => toHex(await sha256(utf8(JSON.stringify(schema))));
  return {
    name,
    run,
    ownName: tool.name,
    definition: {
      ...rest,
      name,
      inputSchema: fullInputSchema,
      ...(outputSchema !== undefined && { outputSchema }),
    },
    inputDigest: await digest(fullInputSchema),
    outputDigest: outputSchema === undefined ? null : await digest(outputSchema),
    hasHeaderParams: readHeaderParams(fullInputSchema).count > 0,
    timeoutMs: Math.min(Math.max(1, timeoutMs), MAX_TIMEOUT_MS),
  };
}
