import { describe, expect, it } from "vitest";
import { readHeaderParams } from "../../src/core/header-params.ts";

const header = (name: unknown, type: unknown = "string") => ({ type, "x-mcp-header": name });

describe("readHeaderParams", () => {
  it.each([
    ["none", { type: "object", properties: { a: { type: "string" } } }, 0],
    ["one", { properties: { a: header("Region") } }, 1],
    [
      "one of each type, at any depth",
      {
        properties: {
          a: header("A"),
          b: header("B", "integer"),
          c: { type: "object", properties: { d: header("D-1", "boolean") } },
        },
      },
      3,
    ],
    ["a property of that name", { properties: { "x-mcp-header": { type: "string" } } }, 0],
    ["data that looks like one", { default: { "x-mcp-header": "A" }, examples: [header("A")] }, 0],
    ["one on a property called default", { properties: { default: header("A") } }, 1],
  ])("counts %s", (_what, schema, count) => {
    expect(readHeaderParams(schema)).toEqual({ count, fault: null });
  });

  it.each([
    ["the root", header("A"), 'x-mcp-header at "" stands on the root'],
    [
      "items",
      { properties: { a: { items: header("A") } } },
      'x-mcp-header at "/properties/a/items" is not reachable through "properties" alone',
    ],
    [
      "a branch",
      { anyOf: [{ properties: { a: header("A") } }] },
      'x-mcp-header at "/anyOf/0/properties/a" is not reachable through "properties" alone',
    ],
    [
      "a definition, whatever it is called",
      { $defs: { default: header("A") } },
      'x-mcp-header at "/$defs/default" is not reachable through "properties" alone',
    ],
    [
      "a pattern property",
      { patternProperties: { "^a": header("A") } },
      'x-mcp-header at "/patternProperties/^a" is not reachable through "properties" alone',
    ],
    [
      "a number",
      { properties: { a: header("A", "number") } },
      'x-mcp-header at "/properties/a" needs a type of string, integer, boolean',
    ],
    [
      "several types",
      { properties: { a: header("A", ["string"]) } },
      'x-mcp-header at "/properties/a" needs a type of string, integer, boolean',
    ],
    [
      "no type",
      { properties: { a: { "x-mcp-header": "A" } } },
      'x-mcp-header at "/properties/a" needs a type of string, integer, boolean',
    ],
    ...["", "A B", "A:", "Ä", "A\r\nX", 7, null].map((name): [string, object, string] => [
      `the name ${JSON.stringify(name)}`,
      { properties: { a: header(name) } },
      'x-mcp-header at "/properties/a" is not a header name',
    ]),
    [
      "names that differ in case alone",
      { properties: { a: header("Region"), b: header("REGION") } },
      'x-mcp-header at "/properties/b" repeats the header name "REGION"',
    ],
  ])("finds the fault with %s", (_what, schema, fault) => {
    expect(readHeaderParams(schema as Record<string, unknown>).fault).toBe(fault);
  });
});
