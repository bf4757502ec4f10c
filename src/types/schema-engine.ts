import type { JsonSchema } from "./json.ts";

/** Checks and compiles JSON Schemas. AJV on Node, an interpreter where code generation is forbidden. */
export interface SchemaEngine {
  /** Why the schema breaks its dialect's meta-schema, or `null`. Compiles nothing. */
  check(schema: JsonSchema): string | null;
  /** Builds a validator. @throws when the schema cannot be compiled (a dangling `$ref`, a bad `pattern`). */
  compile(schema: JsonSchema, options?: { readonly fillDefaults?: boolean }): SchemaValidator;
}

/** What is wrong with a value: `faultWords` makes a line of it. */
export interface SchemaFault {
  /** A JSON Pointer to the place; empty for the whole. */
  readonly pointer: string;
  /** The rule that it breaks. The value is never quoted. */
  readonly rule: string;
}

/**
 * Answers `null` for a valid value, else one thing that is wrong with it. Mutates `value` only to fill in defaults, and only
 * where asked to.
 */
export type SchemaValidator = (value: unknown) => SchemaFault | null;
