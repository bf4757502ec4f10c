/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

/** A JSON Schema document, 2020-12 unless its `$schema` names draft-07 or 2019-09. */
export type JsonSchema = Record<string, unknown>;
