import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import formatsModule from "ajv-formats";
import {
  faultWords,
  messageOf,
  type JsonSchema,
  type SchemaEngine,
  type SchemaFault,
} from "../../src/index.ts";

const addFormats = formatsModule.default;

const OPTIONS = {
  strict: false,
  // Members called "constructor" or "toString" are there only when the value itself has them.
  ownProperties: true,
  logger: false,
} satisfies Options;

const DIALECTS = { draft7: Ajv, draft2019: Ajv2019, draft2020: Ajv2020 } as const;

type Dialect = keyof typeof DIALECTS;

/**
 * JSON Schema by AJV.
 *
 * Schemas are checked by one instance a dialect, which has the meta-schemas, and compiled each by an instance of its
 * own without them: no dearer (1 ms), and the only way to let a validator go. One shared instance was seen to keep
 * 27 KB of every schema that it had ever compiled, and to let one plugin's `$id` meet another's.
 */
export function createAjvEngine(): SchemaEngine {
  const checkers = new Map<Dialect, Ajv>();
  const checkerOf = (dialect: Dialect): Ajv => {
    const checker = checkers.get(dialect) ?? createAjv(dialect);
    checkers.set(dialect, checker);
    return checker;
  };
  const check = (schema: JsonSchema): string | null => {
    // Its validator would answer a promise, which is no answer here.
    if (schema["$async"] !== undefined) return "/$async is not supported";
    const checker = checkerOf(dialectOf(schema));
    try {
      return checker.validateSchema(schema) === true
        ? null
        : faultWords(describe(checker.errors?.[0]));
    } catch (error) {
      return messageOf(error);
    }
  };
  return {
    check,
    compile(schema, options) {
      const fault = check(schema);
      if (fault !== null) throw new Error(fault);
      const ajv = createAjv(dialectOf(schema), {
        meta: false,
        validateSchema: false,
        useDefaults: options?.fillDefaults === true,
      });
      const validate = ajv.compile(schema);
      return (value) => (validate(value) ? null : describe(validate.errors?.[0]));
    },
  };
}

function createAjv(dialect: Dialect, options: Options = {}): Ajv {
  const ajv = new DIALECTS[dialect]({ ...OPTIONS, ...options });
  addFormats(ajv);
  return ajv;
}

function dialectOf(schema: JsonSchema): Dialect {
  const name = schema["$schema"];
  if (typeof name !== "string") return "draft2020";
  if (name.includes("draft-07")) return "draft7";
  return name.includes("2019-09") ? "draft2019" : "draft2020";
}

/** Names the place and the rule. AJV's messages quote the schema at most, never the value. */
function describe(error: ErrorObject | undefined): SchemaFault {
  if (error === undefined) return { pointer: "", rule: "is not valid" };
  const { instancePath, message, params } = error;
  const names = ["additionalProperty", "unevaluatedProperty"]
    .map((key) => (params as Record<string, unknown>)[key])
    .filter((name) => typeof name === "string");
  const detail = names.length > 0 ? ` (${names.join(", ")})` : "";
  return { pointer: instancePath, rule: `${message ?? "is not valid"}${detail}` };
}
