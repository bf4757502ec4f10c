import { Validator, type SchemaDraft } from "@cfworker/json-schema";
import { messageOf } from "../errors.ts";
import type { JsonSchema } from "../types/json.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";

const TYPES: ReadonlySet<unknown> = new Set([
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "string",
  "integer",
]);

/**
 * JSON Schema by an interpreter, for runtimes that forbid code generation (Workers) and for plugin tests. It does not
 * follow `$dynamicRef`, and of a meta-schema it checks only what would mislead it: `type`, `required`, `properties`,
 * `pattern` and references.
 */
export function createPortableSchemaEngine(): SchemaEngine {
  return {
    check(schema) {
      const fault = findFault(schema, "");
      if (fault !== null) return fault;
      try {
        void new Validator(schema, draftOf(schema));
        return null;
      } catch (error) {
        return messageOf(error);
      }
    },
    compile(schema, options) {
      const validator = new Validator(schema, draftOf(schema), true);
      return (value) => {
        if (options?.fillDefaults) fillDefaults(schema, value);
        const { valid, errors } = validator.validate(value);
        if (valid) return null;
        const { instanceLocation, keyword } = errors.at(-1)!;
        return {
          pointer: instanceLocation.replace(/^#/, ""),
          rule: `does not satisfy "${keyword}"`,
        };
      };
    },
  };
}

function draftOf(schema: JsonSchema): SchemaDraft {
  const dialect = schema["$schema"];
  if (typeof dialect !== "string") return "2020-12";
  return dialect.includes("draft-07") ? "7" : dialect.includes("2019-09") ? "2019-09" : "2020-12";
}

/** Defaults of absent members, as deep as `properties` go. */
function fillDefaults(schema: JsonSchema, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const target = value as Record<string, unknown>;
  const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
  for (const [name, property] of Object.entries(properties)) {
    if (target[name] === undefined && property["default"] !== undefined) {
      target[name] = structuredClone(property["default"]);
    }
    fillDefaults(property, target[name]);
  }
}

function findFault(node: unknown, pointer: string): string | null {
  if (typeof node === "boolean") return null;
  if (typeof node !== "object" || node === null) return `${pointer || "/"} is not a schema`;
  const schema = node as JsonSchema;
  const types = [schema["type"] ?? []].flat();
  if (!types.every((type) => TYPES.has(type))) return `${pointer}/type is unknown`;
  const required = schema["required"];
  if (required !== undefined && !(Array.isArray(required) && required.every(isText))) {
    return `${pointer}/required is not a list of names`;
  }
  const pattern = schema["pattern"];
  if (pattern !== undefined && !isPattern(pattern)) {
    return `${pointer}/pattern is not a regular expression`;
  }
  for (const [name, property] of Object.entries(schema["properties"] ?? {})) {
    const fault = findFault(property, `${pointer}/properties/${name}`);
    if (fault !== null) return fault;
  }
  return null;
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === "string" && Boolean(new RegExp(value, "u"));
  } catch {
    return false;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
