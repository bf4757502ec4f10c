import type { CatalogFault, PluginCatalog } from "../types/host.ts";
import type { JsonSchema } from "../types/json.ts";
import type { Prompt, Resource, ResourceTemplate, Tool } from "../types/plugin.ts";
import type { Sha256 } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { hexDigest } from "../util/hex-digest.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { parseUriTemplate, type UriTemplate } from "../util/uri-template.ts";
import { CALL_TIMEOUT_MS, MAX_CALL_MS } from "./call-limits.ts";
import { definitionFault } from "./definition-rules.ts";
import { readHeaderParams } from "./header-params.ts";
import type { CallRun } from "./plugin-run.ts";
import { schemaFault } from "./schema-rules.ts";

const NAME = /^[A-Za-z0-9_.-]+$/;
const MAX_NAME = 64;

/** One instance's offer, checked and under the names that clients see. Made once a change, never per request. */
export interface PreparedCatalog {
  readonly instanceId: string;
  readonly tools: readonly CatalogTool[];
  readonly resources: readonly CatalogResource[];
  readonly resourceTemplates: readonly CatalogTemplate[];
  readonly prompts: readonly CatalogPrompt[];
  readonly quarantined: readonly CatalogFault[];
}

export interface CatalogTool {
  readonly name: string;
  readonly run: CallRun;
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
  readonly run: CallRun;
  readonly definition: Omit<Resource, "text" | "blob">;
  /** Contents that the plugin gave with the list. */
  readonly inline: { readonly text: string } | { readonly blob: string } | null;
}

export interface CatalogTemplate {
  readonly uriTemplate: string;
  readonly run: CallRun;
  readonly definition: ResourceTemplate;
  readonly pattern: UriTemplate;
}

export interface CatalogPrompt {
  readonly name: string;
  readonly run: CallRun;
  readonly ownName: string;
  readonly definition: Prompt;
}

export interface PrepareDeps {
  readonly engine: SchemaEngine;
  readonly sha256: Sha256;
}

/** Checks what a plugin offers. What breaks a rule is quarantined by itself and costs the plugin nothing else. */
export async function prepareCatalog(
  run: CallRun,
  toolPrefix: string,
  offer: PluginCatalog,
  deps: PrepareDeps,
): Promise<PreparedCatalog> {
  const quarantined: CatalogFault[] = [...offer.faults];
  // What is no text becomes a name that the rules refuse, whatever its `toString` may be.
  const publicName = (name: unknown) => {
    const own = typeof name === "string" ? name : "";
    return toolPrefix === "" ? own : `${toolPrefix}_${own}`;
  };
  /** The sound items in their public form, the others into quarantine. */
  const sound = <T, C>(
    kind: CatalogFault["kind"],
    items: readonly T[],
    nameOf: (item: T) => unknown,
    take: (item: T) => Result<C, string>,
  ): C[] => {
    const seen = new Set<unknown>();
    return items.flatMap((item) => {
      if (typeof item !== "object" || item === null) {
        quarantined.push({ kind, name: String(item), reason: "its definition is not an object" });
        return [];
      }
      const name = nameOf(item);
      const taken = seen.has(name) ? refuse("it is listed twice") : take(item);
      if (!taken.ok) {
        quarantined.push({ kind, name: nameText(name), reason: taken.reason });
        return [];
      }
      seen.add(name);
      return [taken.value];
    });
  };

  const tools = sound(
    "tool",
    offer.tools,
    ({ name }) => name,
    (tool) => toDraft(tool, publicName(tool.name), deps.engine),
  );
  return {
    instanceId: run.instanceId,
    tools: await Promise.all(tools.map((tool) => toCatalogTool(tool, run, deps.sha256))),
    prompts: sound(
      "prompt",
      offer.prompts,
      ({ name }) => name,
      (prompt) => toCatalogPrompt(prompt, publicName(prompt.name), run),
    ),
    resources: sound(
      "resource",
      offer.resources,
      ({ uri }) => uri,
      (resource) => toCatalogResource(resource, run),
    ),
    resourceTemplates: sound(
      "resource template",
      offer.resourceTemplates,
      ({ uriTemplate }) => uriTemplate,
      (template) => toCatalogTemplate(template, run),
    ),
    quarantined,
  };
}

/** A tool that has passed every check; what is left is to make digests, which may take a turn. */
interface ToolDraft {
  readonly ownName: string;
  readonly definition: ToolDefinition;
  readonly hasHeaderParams: boolean;
  readonly timeoutMs: number;
}

function toDraft(tool: Tool, name: string, engine: SchemaEngine): Result<ToolDraft, string> {
  const { timeoutMs = CALL_TIMEOUT_MS, inputSchema = {}, outputSchema, ...rest } = tool;
  const fault =
    nameFault(tool.name, name) ??
    inputSchemaFault(inputSchema, engine) ??
    outputSchemaFault(outputSchema, engine);
  if (fault !== null) return refuse(fault);
  if (typeof timeoutMs !== "number") return refuse("its timeoutMs is not a number");

  const params = readHeaderParams(inputSchema);
  if (params.fault !== null) return refuse(`its inputSchema has an invalid ${params.fault}`);
  const definition: ToolDefinition = {
    ...rest,
    name,
    inputSchema: { type: "object", ...withPropertyObjects(inputSchema) },
    ...(outputSchema !== undefined && { outputSchema: withPropertyObjects(outputSchema) }),
  };
  const misshapen = definitionFault("tool", definition);
  if (misshapen !== null) return refuse(misshapen);
  return ok({
    ownName: tool.name,
    definition,
    hasHeaderParams: params.count > 0,
    timeoutMs: Math.min(Math.max(1, timeoutMs), MAX_CALL_MS),
  });
}

async function toCatalogTool(draft: ToolDraft, run: CallRun, sha256: Sha256): Promise<CatalogTool> {
  const { name, inputSchema, outputSchema } = draft.definition;
  const digest = (schema: JsonSchema) => hexDigest(sha256, JSON.stringify(schema));
  return {
    ...draft,
    name,
    run,
    inputDigest: await digest(inputSchema),
    outputDigest: outputSchema === undefined ? null : await digest(outputSchema),
  };
}

function toCatalogPrompt(
  prompt: Prompt,
  name: string,
  run: CallRun,
): Result<CatalogPrompt, string> {
  const definition = { ...prompt, name };
  const fault = nameFault(prompt.name, name) ?? definitionFault("prompt", definition);
  return fault === null ? ok({ name, run, ownName: prompt.name, definition }) : refuse(fault);
}

function toCatalogResource(resource: Resource, run: CallRun): Result<CatalogResource, string> {
  const { text, blob, ...definition } = resource;
  const { uri } = definition;
  const fault = uriFault(uri) ?? definitionFault("resource", definition);
  if (fault !== null) return refuse(fault);
  if (text !== undefined && typeof text !== "string") return refuse("its text is not a string");
  if (blob !== undefined && typeof blob !== "string") return refuse("its blob is not a string");
  const inline = text !== undefined ? { text } : blob !== undefined ? { blob } : null;
  return ok({ uri, run, definition, inline });
}

function toCatalogTemplate(
  definition: ResourceTemplate,
  run: CallRun,
): Result<CatalogTemplate, string> {
  const { uriTemplate } = definition;
  const pattern = parseUriTemplate(uriTemplate);
  if (!pattern.ok) return refuse(`its uriTemplate ${pattern.reason}`);
  const fault = definitionFault("resource template", definition);
  if (fault !== null) return refuse(fault);
  return ok({ uriTemplate, run, definition, pattern: pattern.value });
}

function nameFault(ownName: unknown, name: string): string | null {
  if (typeof ownName !== "string" || !NAME.test(ownName) || !NAME.test(name)) {
    return "its name must consist of letters, digits, '_', '.' and '-'";
  }
  return name.length > MAX_NAME ? `its name "${name}" is longer than ${MAX_NAME} characters` : null;
}

function uriFault(uri: unknown): string | null {
  return typeof uri === "string" && uri.isWellFormed() && URL.canParse(uri)
    ? null
    : "its uri is not an absolute URI";
}

function inputSchemaFault(schema: JsonSchema, engine: SchemaEngine): string | null {
  const fault = schemaFault(schema, engine);
  if (fault !== null) return `its inputSchema ${fault}`;
  return schema["type"] === undefined || schema["type"] === "object"
    ? null
    : 'its inputSchema must have the type "object"';
}

function outputSchemaFault(schema: JsonSchema | undefined, engine: SchemaEngine): string | null {
  const fault = schema === undefined ? null : schemaFault(schema, engine);
  return fault === null ? null : `its outputSchema ${fault}`;
}

/** `true` and `false` as properties, in the form that the official v1 client can read: it refuses the list otherwise. */
function withPropertyObjects(schema: JsonSchema): JsonSchema {
  const properties = schema["properties"] as Record<string, unknown> | undefined;
  if (!Object.values(properties ?? {}).some((property) => typeof property === "boolean")) {
    return schema;
  }
  const entries = Object.entries(properties!).map(([name, property]) => [
    name,
    property === true ? {} : property === false ? { not: {} } : property,
  ]);
  return { ...schema, properties: Object.fromEntries(entries) as unknown };
}

function nameText(name: unknown): string {
  return typeof name === "string" ? name : (JSON.stringify(name) ?? "undefined");
}
