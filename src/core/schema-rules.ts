import type { JsonSchema } from "../types/json.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { outOfBounds } from "../util/json-bounds.ts";
import { toJsonText } from "../util/json-text.ts";
import { walkSchemas, type VisitedSchema } from "./schema-walk.ts";

const BOUNDS = { maxDepth: 32, maxNodes: 10_000 } as const;
const MAX_CHARS = 256 * 1024;
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:|\/\/)/i;

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
  const text = toJsonText(schema, MAX_CHARS);
  if (!text.ok) return text.reason;
  const dialect = (schema as JsonSchema)["$schema"];
  if (
    dialect !== undefined &&
    !(typeof dialect === "string" && DIALECTS.has(dialect.replace(/#$/, "")))
  ) {
    return `names the dialect ${JSON.stringify(dialect)}, which is not supported`;
  }
  const schemas = [...walkSchemas(schema as JsonSchema)];
  const outside = findOutsideReference(schemas);
  if (outside !== null) return `refers to ${JSON.stringify(outside)}, outside of itself`;
  const fault = engine.check(schema as JsonSchema);
  if (fault !== null) return `breaks its meta-schema: ${fault}`;
  const place = findBadPattern(schemas);
  return place === null ? null : `has at "${place}" what is not a regular expression`;
}

/** A reference by an absolute URI, unless it is an `$id` of this very document. */
function findOutsideReference(schemas: readonly VisitedSchema[]): string | null {
  const ids = new Set(schemas.map(({ schema }) => schema["$id"]));
  const references = schemas.flatMap(({ schema }) => [schema["$ref"], schema["$dynamicRef"]]);
  for (const reference of references) {
    if (typeof reference !== "string" || !ABSOLUTE.test(reference)) continue;
    if (!ids.has(reference) && !ids.has(baseOf(reference))) return reference;
  }
  return null;
}

/** Where a pattern stands that would not compile. The meta-schemas do not say what a regular expression is. */
function findBadPattern(schemas: readonly VisitedSchema[]): string | null {
  for (const { schema, pointer } of schemas) {
    const { pattern, patternProperties } = schema;
    if (typeof pattern === "string" && !isPattern(pattern)) return `${pointer}/pattern`;
    const keys = Object.keys((patternProperties as object | undefined) ?? {});
    if (!keys.every(isPattern)) return `${pointer}/patternProperties`;
  }
  return null;
}

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text, "u"));
  } catch {
    return false;
  }
}

function baseOf(uri: string): string {
  const hash = uri.indexOf("#");
  return hash < 0 ? uri : uri.slice(0, hash);
}
