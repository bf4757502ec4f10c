import type { JsonSchema } from "../types/json.ts";

/** Members whose value is data, not a schema. */
const DATA = new Set(["const", "default", "enum", "examples"]);
/** Members whose value has schemas under names of the author's choice. */
const MAPS = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);

export interface VisitedSchema {
  readonly schema: JsonSchema;
  /** JSON Pointer from the root. */
  readonly pointer: string;
  /** Whether only `properties` lie on the way to it: a value that satisfies the root may have it at its own place. */
  readonly byProperties: boolean;
}

/**
 * Every subschema of a schema, the root first. Objects under unknown members count as schemas, because a `$ref` can
 * reach them. The depth is the caller's to bound.
 */
export function* walkSchemas(root: JsonSchema): Generator<VisitedSchema, void, undefined> {
  yield* walk(root, "", true);
}

function* walk(node: unknown, pointer: string, byProperties: boolean): Generator<VisitedSchema> {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) yield* walk(item, `${pointer}/${index}`, false);
    return;
  }
  yield { schema: node as JsonSchema, pointer, byProperties };
  for (const [key, child] of Object.entries(node)) {
    const place = `${pointer}/${key}`;
    if (MAPS.has(key) && typeof child === "object" && child !== null && !Array.isArray(child)) {
      for (const [name, schema] of Object.entries(child)) {
        yield* walk(schema, `${place}/${name}`, byProperties && key === "properties");
      }
    } else if (!DATA.has(key)) {
      yield* walk(child, place, false);
    }
  }
}
