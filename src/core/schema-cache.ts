import type { JsonSchema } from "../types/json.ts";
import type { SchemaEngine, SchemaValidator } from "../types/schema-engine.ts";
import { AppError, messageOf } from "../errors.ts";
import { LruMap } from "../util/lru.ts";

/** Enough for every tool in daily use on a large server; a miss costs one compilation, about 2 ms. */
const CAPACITY = 512;

export interface SchemaCache {
  /**
   * The validator of a schema, compiled on first use.
   *
   * @param digest identifies the schema's text; tools with equal schemas share a validator.
   * @throws AppError `PLUGIN_INVALID` when the schema does not compile.
   */
  validator(digest: string, schema: JsonSchema): SchemaValidator;
}

export function createSchemaCache(engine: SchemaEngine, capacity: number = CAPACITY): SchemaCache {
  const validators = new LruMap<string, SchemaValidator>(capacity);
  return {
    validator(digest, schema) {
      const known = validators.get(digest);
      if (known) return known;
      let compiled: SchemaValidator;
      try {
        compiled = engine.compile(schema);
      } catch (error) {
        throw new AppError("PLUGIN_INVALID", `does not compile: ${messageOf(error)}`, {
          cause: error,
        });
      }
      validators.set(digest, compiled);
      return compiled;
    },
  };
}
