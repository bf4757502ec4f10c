import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../types/json.ts";

/** A zod schema, or one of any library that speaks Standard Schema with JSON Schema (ArkType, Valibot, …). */
export type AnySchema = StandardSchemaV1 & StandardJSONSchemaV1;

/** What a handler receives for a schema; any object when there is none. */
// oxlint-disable-next-line typescript/no-explicit-any -- without a schema nothing is known
export type Parsed<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : any;

/** What a handler must return for a schema. */
export type Unparsed<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown;

/** @throws TypeError when the library cannot express the schema as JSON Schema */
export function toJsonSchema(schema: AnySchema, direction: "input" | "output"): JsonSchema {
  const convert = schema["~standard"].jsonSchema?.[direction];
  if (convert === undefined) {
    throw new TypeError(
      `Schemas of "${schema["~standard"].vendor}" cannot be used here: this version of the library does not implement Standard JSON Schema.`,
    );
  }
  return convert({ target: "draft-2020-12" });
}

/** @throws TypeError naming each issue, without quoting the value */
export async function parseWith<S extends AnySchema>(
  schema: S,
  value: unknown,
  what: string,
): Promise<StandardSchemaV1.InferOutput<S>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value as StandardSchemaV1.InferOutput<S>;
  const issues = result.issues.map(({ path, message }) => {
    const where = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return where.length === 0 ? message : `${where.join(".")}: ${message}`;
  });
  throw new TypeError(`${what}: ${issues.join("; ")}`);
}
