import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePluginsFile, pluginsFileJsonSchema } from "../src/config.ts";

describe("config/plugins.schema.json", () => {
  it("is what `node scripts/write-schema.ts` writes", () => {
    const file = readFileSync(new URL("../config/plugins.schema.json", import.meta.url), "utf8");
    expect(file).toBe(`${JSON.stringify(pluginsFileJsonSchema(), null, 2)}\n`);
  });
});

describe("parsePluginsFile", () => {
  it("names its source, and every place that is wrong", () => {
    expect(() => parsePluginsFile({ plugins: { a: {} } }, "here.json")).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message:
          "here.json is not valid:\n  /plugins/a/package: Invalid input: expected string, received undefined",
      }) as Error,
    );
  });
});
