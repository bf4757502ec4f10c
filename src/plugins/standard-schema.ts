import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { messageOf } from "../errors.ts";
import type { JsonSchema } from "../types/json.ts";
import { ok, refuse, type Result } from "../util/result.ts";

/** A zod schema, or one of any library that speaks Standard Schema with JSON Schema (ArkType, Valibot, …). */
export type AnySchema = StandardSchemaV1 & StandardJSONSchemaV1;

/** What a handler receives for a schema, and without one. */
export type Parsed<S, WithoutSchema = Record<string, unknown>> = S extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<S>
  : WithoutSchema;

/** What a handler must return for a schema: what the schema accepts. */
export type Unparsed<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown;

/** Nothing to add to a schema that can be used here; to another one, a type that says why it cannot. */
export type Usable<S> = S extends StandardSchemaV1
  ? S extends StandardJSONSchemaV1
    ? unknown
    : "This schema cannot say what it is in JSON Schema. Of Valibot's, use toStandardJsonSchema() from @valibot/to-json-schema."
  : unknown;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/**
 * The schema as JSON Schema: what it accepts (`input`) or what it answers (`output`).
 *
 * @param what the place that the error names
 * @throws TypeError when the library, or this schema, has no form in JSON Schema
 */
export function toJsonSchema(
  schema: AnySchema,
  direction: "input" | "output",
  what: string,
): JsonSchema {
  const { jsonSchema, vendor } = schema["~standard"] as Partial<AnySchema["~standard"]>;
  if (jsonSchema === undefined) {
    throw new TypeError(
      `${what} cannot be used: schemas of "${vendor ?? "this library"}" do not say what they are in JSON Schema (Standard JSON Schema). Of Valibot's, use toStandardJsonSchema() from @valibot/to-json-schema.`,
    );
  }
  try {
    const { $schema: dialect, ...rest } = jsonSchema[direction]({ target: "draft-2020-12" });
    // The dialect that stands for itself: in a list of tools it would be a line for each.
    return dialect === undefined || dialect === DIALECT ? rest : { $schema: dialect, ...rest };
  } catch (error) {
    throw new TypeError(`${what} has no form in JSON Schema: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * The value as the schema makes it, or every issue in one line.
 *
 * @throws whatever the schema's own code throws
 */
export async function parseWith(
  schema: AnySchema,
  value: unknown,
): Promise<Result<unknown, string>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return ok(result.value);
  const issues = result.issues.map(({ path = [], message }) => {
    const where = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    // Some libraries begin their message with the place.
    return where === "" || message.startsWith(where) ? message : `${where}: ${message}`;
  });
  return refuse(issues.join("; "));
}
