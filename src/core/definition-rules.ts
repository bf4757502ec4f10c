import { specTypeSchemas } from "@modelcontextprotocol/server";
import type { CatalogFault } from "../types/host.ts";
import { toJsonText } from "../util/json-text.ts";

/** Characters of JSON text in the description of one tool, resource or prompt. */
const MAX_DEFINITION_CHARS = 256 * 1024;

const SHAPES = {
  tool: specTypeSchemas.Tool,
  prompt: specTypeSchemas.Prompt,
  resource: specTypeSchemas.Resource,
  "resource template": specTypeSchemas.ResourceTemplate,
} as const satisfies Record<CatalogFault["kind"], unknown>;

/**
 * Why a definition may not stand in a list, or `null`. Clients check a list as a whole: one item with an `annotations`
 * that is no object, and they see none of the server's tools.
 */
export function definitionFault(kind: CatalogFault["kind"], definition: unknown): string | null {
  const text = toJsonText(definition, MAX_DEFINITION_CHARS);
  if (!text.ok) return `its definition ${text.reason}`;
  const checked = SHAPES[kind]["~standard"].validate(definition);
  const [issue] = ("issues" in checked && checked.issues) || [];
  if (issue === undefined) return null;
  const place = (issue.path ?? []).map((key) => String(typeof key === "object" ? key.key : key));
  return `its definition is not valid at "/${place.join("/")}": ${issue.message}`;
}
