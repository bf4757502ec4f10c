import { describe, expect, it } from "vitest";
import { hideSettings, keepSettings, secretTexts } from "../../src/core/hidden-settings.ts";

const secret = { type: "string", format: "password" };
const object = (properties: Record<string, unknown>, more: object = {}) => ({
  type: "object",
  properties,
  ...more,
});

describe("hideSettings", () => {
  it.each([
    ["format password", secret],
    ["writeOnly", { type: "string", writeOnly: true }],
    ["x-sensitive", { type: "string", "x-sensitive": true }],
    ["an object that is secret", { type: "object", writeOnly: true, properties: { a: true } }],
    ["a reference", { $ref: "#/$defs/secret" }],
    ["a reference of a reference", { $ref: "#/$defs/alias" }],
    ["a reference that leads nowhere", { $ref: "#/$defs/nothing" }],
    ["a reference to elsewhere", { $ref: "https://example.com/schema" }],
    ["a reference by an anchor", { $ref: "#secret" }],
    ["allOf", { allOf: [{ type: "string" }, secret] }],
    ["anyOf", { anyOf: [secret, { type: "integer" }] }],
    ["oneOf", { oneOf: [{ oneOf: [secret] }] }],
    ["then", JSON.parse('{"if":{"minLength":1},"then":{"format":"password"}}') as object],
    ["else", { if: { minLength: 1 }, else: secret }],
    ["dependentSchemas", { dependentSchemas: { a: { writeOnly: true } } }],
    ["dependencies", { dependencies: { a: { writeOnly: true } } }],
    [
      "a reference below an id of its own",
      { $id: "urn:own", $ref: "#/$defs/s", $defs: { s: secret } },
    ],
    ["one that lies elsewhere below that id", { $id: "urn:own", $ref: "#/$defs/secret" }],
  ])("hides what is marked by %s", (_, schema) => {
    const root = object(
      { open: { type: "string" }, hidden: schema },
      { $defs: { secret: { ...secret, $anchor: "secret" }, alias: { $ref: "#/$defs/secret" } } },
    );
    const value = { a: "canary" };
    expect(hideSettings({ open: "shown", hidden: value }, [root])).toEqual({
      config: { open: "shown", hidden: null },
      hidden: ["/hidden"],
    });
  });

  it("hides what only one of two schemas marks", () => {
    const schemas = [object({ a: { type: "string" } }), object({ a: secret })];
    expect(hideSettings({ a: "canary" }, schemas).hidden).toEqual(["/a"]);
    expect(hideSettings({ a: "canary" }, schemas.toReversed()).hidden).toEqual(["/a"]);
  });

  it.each([
    ["no schema at all", []],
    ["a schema without members", [{ type: "object" }]],
    ["a schema that allows any other", [object({}, { additionalProperties: true })]],
    ["a schema that is secret itself", [object({ a: true }, { writeOnly: true })]],
    ["a schema of another member", [object({ b: true })]],
    [
      "a pattern of other members",
      [object({}, { patternProperties: { "^x-": { type: "string" } } })],
    ],
    [
      "a pattern that nobody can judge",
      [object({}, { patternProperties: { "^(?=a)": { type: "string" } } })],
    ],
    ["a schema that does not stop", [{ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" } } }]],
  ])("hides what %s describes", (_, schemas) => {
    expect(hideSettings({ a: "canary" }, schemas)).toEqual({ config: { a: null }, hidden: ["/a"] });
  });

  it("shows what is described, however deep, and points at what is not", () => {
    const schema = object(
      {
        server: object({ host: { type: "string" }, "a/b~c": secret, free: { type: "object" } }),
        list: { type: "array", items: object({ name: true, key: secret }) },
        pair: { type: "array", prefixItems: [{ type: "string" }, secret] },
        tree: { $ref: "#/$defs/tree" },
        any: true,
      },
      {
        patternProperties: { "^x": { type: "integer" } },
        $defs: { tree: object({ child: { $ref: "#/$defs/tree" }, key: secret }) },
      },
    );
    const config = {
      server: { host: "h", "a/b~c": "canary", free: { header: "canary" } },
      list: [{ name: "n", key: "canary" }, {}],
      pair: ["p", "canary", "canary"],
      tree: { child: { child: {}, key: "canary" } },
      any: 1,
      x1: 2,
    };
    const shown = hideSettings(config, [schema]);
    expect(shown.hidden).toEqual([
      "/server/a~1b~0c",
      "/server/free/header",
      "/list/0/key",
      "/pair/1",
      "/pair/2",
      "/tree/child/key",
    ]);
    expect(JSON.stringify(shown)).not.toContain("canary");
    expect(shown.config).toMatchObject({ server: { host: "h" }, list: [{ name: "n" }, {}], x1: 2 });
  });

  it("shows members with names that objects have anyway as what they are", () => {
    const config = JSON.parse('{"__proto__":"canary","constructor":"canary"}') as object;
    const shown = hideSettings(config as Record<string, unknown>, [object({})]);
    expect(shown.hidden).toEqual(["/__proto__", "/constructor"]);
    expect(JSON.stringify(shown.config)).toBe('{"__proto__":null,"constructor":null}');
  });
});

describe("secretTexts", () => {
  it("has what is marked, however deep, and nothing that is only not described", () => {
    const schema = object({
      open: { type: "string" },
      key: secret,
      servers: { type: "array", items: object({ url: { type: "string" }, token: secret }) },
      login: { type: "object", writeOnly: true },
    });
    const config = {
      open: "shown",
      key: "one",
      other: "not described",
      servers: [{ url: "u", token: "two" }],
      login: { name: "three", more: [4, "five"] },
    };
    expect(secretTexts(config, [schema])).toEqual(["one", "two", "three", "five"]);
    expect(secretTexts(config, [])).toEqual([]);
  });
});

describe("keepSettings", () => {
  const PRESENT = { key: "s", nested: { "a/b": 1 }, list: [{ key: "t" }, "u"], gone: null };

  it.each([
    [{ a: 1 }, ["/key"], { a: 1, key: "s" }],
    [{ key: null }, ["/key"], { key: "s" }],
    [{ nested: {} }, ["/nested/a~1b"], { nested: { "a/b": 1 } }],
    [{ list: [{}, null] }, ["/list/0/key", "/list/1"], { list: [{ key: "t" }, "u"] }],
    [{}, ["/gone"], { gone: null }],
    [{}, [], {}],
  ])("of %j keeps %j", (wanted, keep, config) => {
    expect(keepSettings(wanted, PRESENT, keep)).toEqual({ ok: true, value: config });
  });

  it.each([
    [{ key: "new" }, "/key"],
    [{}, "/nobody"],
    [{}, "/nested/a~1b"],
    [{}, "/list/0"],
    [{ list: [] }, "/list/0"],
    [{ list: [null] }, "/list/-"],
    [{ list: [null] }, "/list/00000000"],
    [{}, ""],
    [{}, "key"],
    [{}, "/__proto__"],
    [{}, "/constructor"],
  ])("refuses in %j to keep %j", (wanted, pointer) => {
    expect(keepSettings(wanted, PRESENT, [pointer])).toEqual({
      ok: false,
      reason: { pointer: "/keep/0", detail: "there is nothing to keep, or it has a value" },
    });
  });
});
