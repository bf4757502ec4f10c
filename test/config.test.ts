import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePluginsFile, pluginsFileJsonSchema } from "../src/config.ts";

describe("config/plugins.schema.json", () => {
  it("is what `node scripts/write-schema.ts` writes", () => {
    const file = readFileSync(new URL("../config/plugins.schema.json", import.meta.url), "utf8");
    expect(file).toBe(`${JSON.stringify(pluginsFileJsonSchema(), null, 2)}\n`);
  });
});

describe("the address of a provider that somebody hosts", () => {
  const parse = (baseUrl: string) =>
    parsePluginsFile({ plugins: { a: { package: "./a", oauth: { baseUrl } } } }, "here.json");

  it.each(["https://gitlab.example.com", "https://example.com/gitlab", "https://example.com/a/b"])(
    "may be %s",
    (baseUrl) => {
      expect(parse(baseUrl)["a"]?.oauth?.baseUrl).toBe(baseUrl);
    },
  );

  it.each([
    "https://gitlab.example.com/",
    "https://example.com//gitlab",
    "https://example.com/gitlab?x=1",
    "https://example.com/gitlab#x",
    "https://me@example.com",
    "https://example.com/a b",
    "gitlab.example.com",
    "file:///etc",
  ])("may not be %s", (baseUrl) => {
    expect(() => parse(baseUrl)).toThrow("must be an address such as");
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
