import type { JsonSchema } from "../types/json.ts";

const KEYWORD = "x-mcp-header";
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES = ["string", "integer", "boolean"];

/**
 * Reads the `x-mcp-header` annotations of an input schema: how many there are, or which rule one breaks.
 * They may stand on properties reachable through `properties` alone, of type string, integer or boolean, under
 * header names that differ in more than case.
 *
 * @see MCP 2026-07-28, server/tools, "x-mcp-header"
 */
export function readHeaderParams(schema: JsonSchema): { count: number; fault: string | null } {
  const names = new Set<string>();
  const fault = visit(schema, "", true, names);
  return { count: names.size, fault };
}

function visit(
  node: unknown,
  pointer: string,
  reachable: boolean,
  names: Set<string>,
): string | null {
  if (typeof node !== "object" || node === null) return null;
  const schema = node as Record<string, unknown>;
  if (reachable && Object.hasOwn(schema, KEYWORD)) {
    const fault = annotationFault(schema, pointer, names);
    if (fault !== null) return `${KEYWORD} at "${pointer}" ${fault}`;
  } else if (!reachable && Object.hasOwn(schema, KEYWORD)) {
    return `${KEYWORD} at "${pointer}" is not reachable through "properties" alone`;
  }
  for (const [key, child] of Object.entries(schema)) {
    if (typeof child !== "object" || child === null) continue;
    if (key === "properties" && !Array.isArray(child)) {
      for (const [name, property] of Object.entries(child)) {
        const fault = visit(property, `${pointer}/properties/${name}`, reachable, names);
        if (fault !== null) return fault;
      }
    } else if (key !== "default" && key !== "const" && key !== "enum" && key !== "examples") {
      const fault = visit(child, `${pointer}/${key}`, false, names);
      if (fault !== null) return fault;
    }
  }
  return null;
}

function annotationFault(
  schema: Record<string, unknown>,
  pointer: string,
  names: Set<string>,
): string | null {
  const header = schema[KEYWORD];
  if (pointer === "") return "stands on the root";
  if (typeof header !== "string" || !HEADER_NAME.test(header)) return "is not a header name";
  if (!TYPES.includes(String(schema["type"]))) return `needs a type of ${TYPES.join(", ")}`;
  if (names.has(header.toLowerCase())) return `repeats the header name "${header}"`;
  names.add(header.toLowerCase());
  return null;
}
