import type { JsonSchema } from "./json.ts";

/** Checks and compiles JSON Schemas. AJV on Node, an interpreter where code generation is forbidden. */
export interface SchemaEngine {
  /** Why the schema breaks its dialect's meta-schema, or `null`. Compiles nothing. */
  check(schema: JsonSchema): string | null;
  /** Builds a validator. @throws when the schema cannot be compiled (a dangling `$ref`, a bad `pattern`). */
  compile(schema: JsonSchema, options?: { readonly fillDefaults?: boolean }): SchemaValidator;
}

/**
 * Answers `null` for a valid value, else what is wrong in one line, naming places by JSON Pointer and never
 * quoting the value. Mutates `value` only to fill in defaults, and only where asked to.
 */
export type SchemaValidator = (value: unknown) => string | null;
