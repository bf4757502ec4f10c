import type { JsonSchema } from "../types/json.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { outOfBounds } from "../util/json-bounds.ts";

const BOUNDS = { maxDepth: 32, maxNodes: 10_000 } as const;

const DIALECTS = new Set([
  "https://json-schema.org/draft/2020-12/schema",
  "https://json-schema.org/draft/2019-09/schema",
  "http://json-schema.org/draft-07/schema",
]);

/**
 * Why a plugin's schema is refused, or `null`. Checks bounds, dialect, references (a `$ref` must stay inside the
 * document: nothing is ever fetched) and the meta-schema, and compiles nothing: that waits for the first call.
 */
export function schemaFault(schema: unknown, engine: SchemaEngine): string | null {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    return "is not a JSON Schema object";
  }
  const bounds = outOfBounds(schema, BOUNDS);
  if (bounds !== null) return `is ${bounds}`;
  const dialect = (schema as JsonSchema)["$schema"];
  if (dialect !== undefined && !DIALECTS.has(String(dialect).replace(/#$/, ""))) {
    return `names the dialect ${JSON.stringify(dialect)}, which is not supported`;
  }
  const outside = findOutsideReference(schema);
  if (outside !== null) return `refers to ${JSON.stringify(outside)}, outside of itself`;
  const fault = engine.check(schema as JsonSchema);
  return fault === null ? null : `breaks its meta-schema: ${fault}`;
}

function findOutsideReference(node: object): string | null {
  for (const [key, value] of Object.entries(node)) {
    if (
      (key === "$ref" || key === "$dynamicRef") &&
      typeof value === "string" &&
      /^[a-z][a-z0-9+.-]*:|^\/\//i.test(value)
    ) {
      return value;
    }
    if (typeof value === "object" && value !== null) {
      const inside = findOutsideReference(value as object);
      if (inside !== null) return inside;
    }
  }
  return null;
}
