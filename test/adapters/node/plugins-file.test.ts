import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readPluginsFile } from "../../../adapters/node/plugins-file.ts";
import { createAjvEngine } from "../../../adapters/node/json-schema.ts";
import { makeFolder } from "../../helpers/database.ts";

function read(text: string) {
  const path = join(makeFolder(), "plugins.json");
  writeFileSync(path, text);
  return { path, read: () => readPluginsFile({ configFile: path, configNamed: true }) };
}

/** What is wrong with a text, with the file's path cut off its front. */
function faultOf(text: string): { code: unknown; lines: string[] } {
  const { path, read: readIt } = read(text);
  try {
    readIt();
  } catch (error) {
    const { code, message } = error as { code: unknown; message: string };
    return { code, lines: message.replaceAll(path, "").split("\n") };
  }
  throw new Error("The file was accepted.");
}

describe("the plugins file", () => {
  it("may have comments and trailing commas, and a byte order mark", () => {
    const text = `\uFEFF// what runs here
      {
        "$schema": "./plugins.schema.json", /* for editors */
        "plugins": {
          "time": { "package": "./time", },
          "work": {
            "package": "@acme/github", "enabled": false, "toolPrefix": "", "host": "in-process",
            "config": { "any": [1, null] }, "locked": true,
          },
        },
      }`;
    expect(read(text).read()).toEqual({
      time: { package: "./time" },
      work: {
        package: "@acme/github",
        enabled: false,
        toolPrefix: "",
        host: "in-process",
        config: { any: [1, null] },
        locked: true,
      },
    });
  });

  it.each([
    ["a comma that is missing", '{\n  "plugins": {}\n  "x": 1\n}', ":3:3: comma expected"],
    ["a bracket that is missing", '{ "plugins": {', ":1:15: close brace expected"],
    ["a text without its end", '{ "plugins\n": {} }', ":1:3: unexpected end of string"],
    ["nothing at all", "", ":1:1: value expected"],
    ["a comment without its end", '{ "plugins": {} } /* x', ":1:19: unexpected end of comment"],
    [
      "an id that stands there twice",
      '{ "plugins": {\n "a": { "package": "./a" },\n "a": { "package": "./b" } } }',
      ':3:2: the name "a" stands there twice',
    ],
    [
      "a name that would change the object",
      '{ "plugins": { "a": { "package": "./a", "__proto__": { "enabled": false } } } }',
      ':1:41: the name "__proto__" is not allowed',
    ],
  ])("with %s is refused by line and column", (_what, text, fault) => {
    const { code, lines } = faultOf(text);
    expect([code, lines[0]]).toEqual(["CONFIG_INVALID", fault]);
  });

  it("may have the same name in different objects", () => {
    const text = '{ "plugins": { "a": { "package": "./x" }, "b": { "package": "./x" } } }';
    expect(Object.keys(read(text).read())).toEqual(["a", "b"]);
  });

  it("names every place that is wrong", () => {
    const { code, lines } = faultOf(
      JSON.stringify({
        plugin: {},
        plugins: {
          a: { package: "./a", enbled: true },
          b: { enabled: "yes" },
          c: { package: "./c", toolPrefix: "two words", host: "moon" },
          Bad_Id: { package: "./d" },
        },
      }),
    );
    expect(code).toBe("CONFIG_INVALID");
    expect(lines[0]).toBe(" is not valid:");
    expect(lines.slice(1).toSorted()).toEqual([
      '  /: Unrecognized key: "plugin"',
      "  /plugins/Bad_Id: must consist of a-z, 0-9 and -, begin with a letter and have 32 characters at most",
      '  /plugins/a: Unrecognized key: "enbled"',
      "  /plugins/b/enabled: Invalid input: expected boolean, received string",
      "  /plugins/b/package: Invalid input: expected string, received undefined",
      '  /plugins/c/host: Invalid option: expected one of "in-process"|"worker"',
      "  /plugins/c/toolPrefix: must be letters, digits, '_', '.' and '-', 48 characters at most",
    ]);
  });

  it.each(["[]", "null", "7", '{ "plugins": [] }', "{}"])("is not %s", (text) => {
    expect(faultOf(text).code).toBe("CONFIG_INVALID");
  });

  it("has a default where there is none, unless somebody named it", () => {
    const configFile = join(makeFolder(), "plugins.json");
    expect(readPluginsFile({ configFile, configNamed: false })).toEqual({
      time: { package: "./time" },
    });
    expect(() => readPluginsFile({ configFile, configNamed: true })).toThrow(
      `MCP_CONFIG names ${configFile}, which does not exist.`,
    );
  });

  it("says so when it cannot be read", () => {
    const configFile = join(makeFolder(), "plugins.json");
    mkdirSync(configFile);
    expect(() => readPluginsFile({ configFile, configNamed: false })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`${configFile} cannot be read: EISDIR`) as string,
      }) as Error,
    );
  });
});

describe("the plugins file of the repository", () => {
  const configFile = fileURLToPath(new URL("../../../config/plugins.json", import.meta.url));

  it("runs the plugin that needs no key", () => {
    expect(readPluginsFile({ configFile, configNamed: true })).toEqual({
      time: { package: "./time" },
    });
  });

  it("satisfies the schema that it names", () => {
    const schema = JSON.parse(
      readFileSync(new URL("../../../config/plugins.schema.json", import.meta.url), "utf8"),
    ) as Record<string, unknown>;
    const validate = createAjvEngine().compile(schema);
    const content = {
      $schema: "./plugins.schema.json",
      plugins: readPluginsFile({ configFile, configNamed: true }),
    };
    expect(validate(content)).toBeNull();
    expect(validate({ plugins: { time: { pakage: "./time" } } })).not.toBeNull();
  });
});
