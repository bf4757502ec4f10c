import type { CallTarget } from "../../types/call-observer.ts";
import { isJsonObject } from "../../util/json-object.ts";
import type { CatalogResource, CatalogTemplate, CatalogTool } from "../plugin-catalog.ts";
import { findResource, type Catalog } from "../tool-catalog.ts";

export function toolTarget({ name, run }: Pick<CatalogTool, "name" | "run">): CallTarget {
  return { kind: "tool", name, instanceId: run.instanceId };
}

/** What a request is about, as far as its parameters can be read and its caller has it. */
export function findTarget(catalog: Catalog, method: string, params: unknown): CallTarget | null {
  if (!isJsonObject(params)) return null;
  const { name, uri, ref } = params;
  switch (method) {
    case "tools/call": {
      const tool = typeof name === "string" ? catalog.tools.get(name) : undefined;
      return tool === undefined ? null : toolTarget(tool);
    }
    case "prompts/get":
      return promptTarget(catalog, name);
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return typeof uri === "string" ? resourceTarget(findResource(catalog, uri)) : null;
    case "completion/complete":
      return isJsonObject(ref) ? referenceTarget(catalog, ref) : null;
    default:
      return null;
  }
}

function promptTarget({ prompts }: Catalog, name: unknown): CallTarget | null {
  const prompt = typeof name === "string" ? prompts.get(name) : undefined;
  if (prompt === undefined) return null;
  return { kind: "prompt", name: prompt.name, instanceId: prompt.run.instanceId };
}

/** Of a template its text: what a client has put into it is an argument. */
function resourceTarget(found: CatalogResource | CatalogTemplate | null): CallTarget | null {
  if (found === null) return null;
  const name = "uri" in found ? found.uri : found.uriTemplate;
  return { kind: "resource", name, instanceId: found.run.instanceId };
}

function referenceTarget(catalog: Catalog, ref: Record<string, unknown>): CallTarget | null {
  if (ref["type"] === "ref/prompt") return promptTarget(catalog, ref["name"]);
  const template = catalog.templates.find(({ uriTemplate }) => uriTemplate === ref["uri"]);
  return resourceTarget(template ?? null);
}
