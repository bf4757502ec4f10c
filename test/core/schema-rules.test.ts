import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { createPortableSchemaEngine } from "../../src/index.ts";
import { schemaFault } from "../../src/core/schema-rules.ts";

const engine = createAjvEngine();

function nested(depth: number): object {
  let schema: object = { type: "string" };
  for (let level = 1; level < depth; level += 2) schema = { properties: { a: schema } };
  return schema;
}

describe("schemaFault", () => {
  it.each([
    ["an empty schema", {}],
    ["2020-12 by default", { prefixItems: [{ type: "string" }], items: false }],
    ["2020-12 by name", { $schema: "https://json-schema.org/draft/2020-12/schema" }],
    [
      "2020-12 with an empty fragment",
      { $schema: "https://json-schema.org/draft/2020-12/schema#" },
    ],
    [
      "2019-09",
      { $schema: "https://json-schema.org/draft/2019-09/schema", items: [{ type: "string" }] },
    ],
    [
      "draft-07",
      { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }] },
    ],
    ["draft-07 without its fragment", { $schema: "http://json-schema.org/draft-07/schema" }],
    ["a reference inside", { $ref: "#/$defs/a", $defs: { a: { type: "string" } } }],
    ["an anchor", { $ref: "#a", $defs: { a: { $anchor: "a" } } }],
    [
      "an absolute reference to its own $id",
      {
        $id: "https://example.org/s",
        properties: { a: { $ref: "https://example.org/s#/$defs/b" } },
      },
    ],
    ["a property that is called $ref", { properties: { $ref: { type: "string" } } }],
    [
      "a $ref that is data",
      { default: { $ref: "https://example.org/x" }, examples: [{ $ref: "a:" }] },
    ],
    ["31 levels", nested(31)],
    ["unknown keywords and formats", { "x-mine": 1, format: "colour" }],
  ])("accepts %s", (_what, schema) => {
    expect(schemaFault(schema, engine)).toBeNull();
  });

  it.each([
    ["null", null, "is not a JSON Schema object"],
    ["a list", [], "is not a JSON Schema object"],
    ["true", true, "is not a JSON Schema object"],
    ["33 levels", nested(33), "is nested deeper than 32 levels"],
    [
      "too many values",
      { enum: Array.from({ length: 10_000 }, (_, index) => index) },
      "is more than 10000 values",
    ],
    ["too much text", { description: "x".repeat(300_000) }, "is larger than 262144 characters"],
    [
      "draft-04",
      { $schema: "http://json-schema.org/draft-04/schema#" },
      'names the dialect "http://json-schema.org/draft-04/schema#", which is not supported',
    ],
    ["a dialect that is no text", { $schema: 7 }, "names the dialect 7, which is not supported"],
    [
      "a reference to the network",
      { properties: { a: { $ref: "https://example.org/s.json" } } },
      'refers to "https://example.org/s.json", outside of itself',
    ],
    [
      "a reference without a scheme",
      { $ref: "//example.org/s" },
      'refers to "//example.org/s", outside of itself',
    ],
    [
      "a reference to a file",
      { anyOf: [{ $ref: "file:///etc/passwd" }] },
      'refers to "file:///etc/passwd", outside of itself',
    ],
    [
      "a dynamic reference outside",
      { $dynamicRef: "a:b#c" },
      'refers to "a:b#c", outside of itself',
    ],
    [
      "a reference in a definition that is called default",
      { $defs: { default: { $ref: "https://example.org/x" } } },
      'refers to "https://example.org/x", outside of itself',
    ],
    ["an unknown type", { type: "text" }, "breaks its meta-schema: /type "],
    ["draft-07's list of items", { items: [] }, "breaks its meta-schema: /items "],
    [
      "a pattern that is none",
      { properties: { a: { pattern: "[" } } },
      'has at "/properties/a/pattern" what is not a regular expression',
    ],
    [
      "a property pattern that is none",
      { patternProperties: { "(": {} } },
      'has at "/patternProperties" what is not a regular expression',
    ],
    ["a pattern that is no text", { pattern: 5 }, "breaks its meta-schema: /pattern "],
    [
      "AJV's asynchronous schemas",
      { $async: true },
      "breaks its meta-schema: /$async is not supported",
    ],
  ])("refuses %s", (_what, schema, reason) => {
    // The beginning: how it goes on is in the words of a library.
    expect(schemaFault(schema, engine)?.slice(0, reason.length)).toBe(reason);
  });

  it("asks the engine nothing about a schema that is out of bounds", () => {
    const deaf = { ...createPortableSchemaEngine(), check: () => expect.unreachable() };
    expect(schemaFault(nested(10_001), deaf)).toBe("is nested deeper than 32 levels");
  });
});
