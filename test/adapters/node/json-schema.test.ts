import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../../adapters/node/json-schema.ts";
import { faultWords } from "../../../src/index.ts";

const engine = createAjvEngine();
const DRAFT7 = "http://json-schema.org/draft-07/schema#";
const DRAFT2019 = "https://json-schema.org/draft/2019-09/schema";
const DRAFT2020 = "https://json-schema.org/draft/2020-12/schema";

const TREE = {
  $dynamicAnchor: "node",
  type: "object",
  properties: { children: { items: { $dynamicRef: "#node" } } },
};

describe("check", () => {
  it.each([
    ["nothing", {}],
    ["2020-12", { $schema: DRAFT2020, prefixItems: [{ type: "string" }] }],
    ["2019-09", { $schema: DRAFT2019, items: [{ type: "string" }] }],
    ["draft-07", { $schema: DRAFT7, items: [{ type: "string" }] }],
    ["a reference that leads nowhere, which shows on compiling", { $ref: "#/nowhere" }],
  ])("accepts %s", (_what, schema) => {
    expect(engine.check(schema)).toBeNull();
  });

  it.each([
    [{ type: "text" }, "/type must be equal to one of the allowed values"],
    [{ required: "a" }, "/required must be array"],
    [{ $schema: DRAFT2020, items: [] }, "/items must be object,boolean"],
    [{ $schema: DRAFT7, minimum: "1" }, "/minimum must be number"],
    [{ $async: true }, "/$async is not supported"],
    [
      { properties: { a: { type: 5 } } },
      "/properties/a/type must be equal to one of the allowed values",
    ],
  ])("says what is wrong with %j", (schema, fault) => {
    expect(engine.check(schema)).toBe(fault);
  });
});

describe("compile", () => {
  const fault = (schema: Record<string, unknown>, value: unknown) => {
    const found = engine.compile(schema)(value);
    return found && faultWords(found);
  };

  it.each([
    [{ type: "object" }, {}, null],
    [{ type: "object" }, [], "/ must be object"],
    [
      { properties: { a: { items: { type: "integer" } } } },
      { a: [1, "x"] },
      "/a/1 must be integer",
    ],
    [{ required: ["a"] }, {}, "/ must have required property 'a'"],
    [{ additionalProperties: false }, { b: 1 }, "/ must NOT have additional properties (b)"],
    [{ unevaluatedProperties: false }, { b: 1 }, "/ must NOT have unevaluated properties (b)"],
    [{ format: "email" }, "nobody", '/ must match format "email"'],
    [{ format: "colour" }, "nobody", null],
    [{ type: "integer" }, "1", "/ must be integer"],
    [
      { prefixItems: [{ type: "string" }], items: false },
      ["a", 1],
      "/ must NOT have more than 1 items",
    ],
    [{ $schema: DRAFT7, items: [{ type: "string" }] }, [1], "/0 must be string"],
    [{ $schema: DRAFT2019, items: [{ type: "string" }] }, [1], "/0 must be string"],
    [{ $ref: "#/$defs/a", $defs: { a: { type: "string" } } }, 1, "/ must be string"],
    [TREE, { children: [{ children: [5] }] }, "/children/0/children/0 must be object"],
  ])("%j on %j answers %j", (schema, value, answer) => {
    expect(fault(schema, value)).toBe(answer);
  });

  it.each([
    [{ enum: ["a"] }],
    [{ const: "a" }],
    [{ pattern: "^a$" }],
    [{ format: "date" }],
    [{ type: "integer" }],
    [{ maxLength: 1 }],
    [{ not: {} }],
    [{ anyOf: [{ const: 1 }, { const: 2 }] }],
  ])("never quotes the value: %j", (schema) => {
    const answer = fault({ properties: { a: schema } }, { a: "my-secret-value" });
    expect(answer).toMatch(/^\/a /);
    expect(answer).not.toContain("secret");
  });

  it.each([
    [{ $ref: "#/nowhere" }, "can't resolve reference #/nowhere"],
    [{ $ref: "https://example.org/other.json" }, "can't resolve reference https://example.org/"],
    [{ $ref: "other.json" }, "can't resolve reference other.json"],
    [{ type: "text" }, "/type must be equal to one of the allowed values"],
    [{ $async: true }, "/$async is not supported"],
    [{ $schema: "https://example.org/my-dialect" }, "no schema with key or ref"],
  ])("throws for %j", (schema, message) => {
    expect(() => engine.compile(schema)).toThrow(message);
  });

  it("sees members that only the value itself has", () => {
    for (const name of ["constructor", "toString"]) {
      const properties = JSON.parse(`{"${name}":{"type":"string"}}`) as object;
      expect(fault({ properties }, {})).toBeNull();
      expect(fault({ required: [name] }, {})).toBe(`/ must have required property '${name}'`);
      const value: unknown = JSON.parse(`{"${name}":5}`);
      expect(fault({ properties }, value)).toBe(`/${name} must be string`);
      expect(fault({ additionalProperties: false }, value)).toBe(
        `/ must NOT have additional properties (${name})`,
      );
    }
  });

  it("fills in defaults where it is asked to, and nowhere else", () => {
    const schema = {
      properties: { a: { default: 1 }, b: { properties: { c: { default: [] } }, default: {} } },
    };
    const [plain, filled, again] = [{}, {}, {}];
    expect(engine.compile(schema)(plain)).toBeNull();
    const withDefaults = engine.compile(schema, { fillDefaults: true });
    expect([withDefaults(filled), withDefaults(again)]).toEqual([null, null]);
    expect([plain, filled]).toEqual([{}, { a: 1, b: { c: [] } }]);
    (filled as { b: { c: unknown[] } }).b.c.push("mine");
    expect(again).toEqual({ a: 1, b: { c: [] } });
  });

  it("keeps schemas with equal $ids apart", () => {
    const one = {
      $id: "https://example.org/s",
      $defs: { i: { $id: "urn:x:item", type: "string" } },
    };
    const two = {
      $id: "https://example.org/s",
      $defs: { i: { $id: "urn:x:item", type: "number" } },
    };
    const use = { properties: { a: { $ref: "urn:x:item" } } };
    const [first, second] = [
      engine.compile({ ...one, ...use }),
      engine.compile({ ...two, ...use }),
    ];
    expect([first({ a: "x" }), second({ a: "x" })]).toEqual([
      null,
      { pointer: "/a", rule: "must be number" },
    ]);
    expect(() => engine.compile({ ...use, $id: "https://example.org/s" })).toThrow("resolve");
  });

  it("lets go of a validator that nobody holds any longer", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const compileSome = () =>
      Array.from({ length: 20 }, (_, index) => {
        const schema = { title: `schema ${index}`, pattern: `^${index}`, type: "string" };
        engine.compile(schema)("x");
        return new WeakRef(schema);
      });
    const schemas = compileSome();
    // One pass may leave what the engine itself still looks at.
    for (let pass = 0; pass < 5; pass++) {
      await new Promise((resolve) => void setTimeout(resolve, 10));
      gc();
    }
    expect(schemas.filter((schema) => schema.deref() !== undefined)).toEqual([]);
  });
});
