import { Ajv, type AnySchema, type ErrorObject, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import formatsModule from "ajv-formats";
import type { JsonSchema, SchemaEngine } from "../../src/index.ts";

const addFormats = formatsModule.default;
const OPTIONS = { strict: false, allErrors: false, validateFormats: true } satisfies Options;

/**
 * JSON Schema by AJV. One instance a dialect is shared, because making one costs milliseconds; a compiled schema is
 * taken out of its registry again, so that equal `$id`s of two plugins do not meet and nothing piles up.
 */
export function createAjvEngine(): SchemaEngine {
  const plain = createDialects({});
  const withDefaults = createDialects({ useDefaults: true });
  return {
    check(schema) {
      const ajv = dialectOf(schema, plain);
      return ajv.validateSchema(schema) === true ? null : describe(ajv.errors?.[0]);
    },
    compile(schema, options) {
      const ajv = dialectOf(schema, options?.fillDefaults ? withDefaults : plain);
      try {
        const validate = ajv.compile(schema as AnySchema);
        return (value) => (validate(value) ? null : describe(validate.errors?.[0]));
      } finally {
        ajv.removeSchema(schema as AnySchema);
      }
    },
  };
}

type Dialects = ReturnType<typeof createDialects>;

function createDialects(options: Options) {
  const all = { ...OPTIONS, ...options };
  const dialects = {
    draft7: new Ajv(all),
    draft2019: new Ajv2019(all),
    draft2020: new Ajv2020(all),
  };
  for (const ajv of Object.values(dialects)) addFormats(ajv);
  return dialects;
}

function dialectOf(schema: JsonSchema, dialects: Dialects): Ajv {
  const name = String(schema["$schema"] ?? "");
  if (name.includes("draft-07")) return dialects.draft7;
  return name.includes("2019-09") ? dialects.draft2019 : dialects.draft2020;
}

/** Names the place and the rule. AJV's messages quote the schema at most, never the value. */
function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return "is not valid";
  const { instancePath, message, params } = error;
  const names = ["additionalProperty", "unevaluatedProperty"]
    .map((key) => (params as Record<string, unknown>)[key])
    .filter((name) => typeof name === "string");
  const detail = names.length > 0 ? ` (${names.join(", ")})` : "";
  return `${instancePath || "/"} ${message ?? "is not valid"}${detail}`;
}
