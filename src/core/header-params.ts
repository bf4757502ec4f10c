import type { JsonSchema } from "../types/json.ts";
import { walkSchemas, type VisitedSchema } from "./schema-walk.ts";

const KEYWORD = "x-mcp-header";
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: readonly unknown[] = ["string", "integer", "boolean"];

/**
 * Reads the `x-mcp-header` annotations of an input schema: how many there are, or which rule one breaks.
 * They may stand on properties reachable through `properties` alone, of type string, integer or boolean, under
 * header names that differ in more than case.
 *
 * @see MCP 2026-07-28, server/tools, "x-mcp-header"
 */
export function readHeaderParams(schema: JsonSchema): { count: number; fault: string | null } {
  const names = new Set<string>();
  for (const visited of walkSchemas(schema)) {
    if (!Object.hasOwn(visited.schema, KEYWORD)) continue;
    const fault = annotationFault(visited, names);
    if (fault !== null) {
      return { count: names.size, fault: `${KEYWORD} at "${visited.pointer}" ${fault}` };
    }
  }
  return { count: names.size, fault: null };
}

function annotationFault(
  { schema, pointer, byProperties }: VisitedSchema,
  names: Set<string>,
): string | null {
  const header = schema[KEYWORD];
  if (pointer === "") return "stands on the root";
  if (!byProperties) return 'is not reachable through "properties" alone';
  if (typeof header !== "string" || !HEADER_NAME.test(header)) return "is not a header name";
  if (!TYPES.includes(schema["type"])) return `needs a type of ${TYPES.join(", ")}`;
  if (names.has(header.toLowerCase())) return `repeats the header name "${header}"`;
  names.add(header.toLowerCase());
  return null;
}
