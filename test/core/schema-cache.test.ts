import { describe, expect, it } from "vitest";
import { createSchemaCache } from "../../src/core/schema-cache.ts";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import type { SchemaEngine } from "../../src/index.ts";

function setUp(capacity?: number) {
  const compiled: unknown[] = [];
  const ajv = createAjvEngine();
  const engine: SchemaEngine = {
    ...ajv,
    compile(schema, options) {
      compiled.push(schema["title"]);
      return ajv.compile(schema, options);
    },
  };
  const cache = createSchemaCache(engine, capacity);
  return {
    compiled,
    get: (title: string) => cache.validator(title, { title, type: "object" }),
    cache,
  };
}

describe("the schema cache", () => {
  it("compiles a schema on its first use, and only then", () => {
    const { compiled, get } = setUp();
    expect(compiled).toEqual([]);
    expect(get("a")({})).toBeNull();
    expect(get("a")(5)).toEqual({ pointer: "", rule: "must be object" });
    expect(compiled).toEqual(["a"]);
  });

  it("gives tools with equal schemas one validator", () => {
    const { cache, compiled } = setUp();
    const first = cache.validator("digest", { title: "one" });
    expect(cache.validator("digest", { title: "one" })).toBe(first);
    expect(compiled).toEqual(["one"]);
  });

  it("keeps the most recently used ones, and no more than it may", () => {
    const { compiled, get } = setUp(2);
    for (const title of ["a", "b", "a", "c", "a", "b"]) get(title);
    expect(compiled).toEqual(["a", "b", "c", "b"]);
  });

  it("says why a schema does not compile, each time", () => {
    const { cache } = setUp();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => cache.validator("d", { $ref: "#/nowhere" })).toThrow(
        expect.objectContaining({
          code: "PLUGIN_INVALID",
          message: expect.stringMatching(/^does not compile: .*#\/nowhere/) as string,
        }) as Error,
      );
    }
  });
});
