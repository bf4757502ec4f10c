import { describe, expect, it } from "vitest";
import { parseDependency, satisfiesRange } from "../../src/util/semver.ts";

describe("parseDependency", () => {
  it.each([
    ["github", { name: "github", range: null }],
    ["github@^1.2", { name: "github", range: "^1.2" }],
    ["github@>=1 <3", { name: "github", range: ">=1 <3" }],
    ["@acme/github", { name: "@acme/github", range: null }],
    ["@acme/github@1.x", { name: "@acme/github", range: "1.x" }],
    ["", null],
    ["github@", null],
    ["github@latest", null],
    ["github@^1.2@2", null],
  ])("reads %j", (text, dependency) => {
    expect(parseDependency(text)).toEqual(dependency);
  });
});

describe("satisfiesRange", () => {
  it.each([
    ["1.2.0", "^1.2", true],
    ["1.9.3", "^1.2", true],
    ["2.0.0", "^1.2", false],
    ["1.1.9", "^1.2", false],
    ["1.3.0-beta.1", "^1.2", false],
    ["not a version", "^1.2", false],
    ["not a version", null, true],
  ])("%s against %s is %s", (version, range, answer) => {
    expect(satisfiesRange(version, range)).toBe(answer);
  });
});
