import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MINIMUM_NODE, nodeProblem } from "../../adapters/node/node-version.ts";
import { VERSION } from "../../adapters/node/version.ts";
import { ROOT, runCli } from "../helpers/server-process.ts";

const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
  engines: { node: string };
};

describe("the version of Node", () => {
  it.each(["22.19.0", "22.20.1", "23.0.0", "24.21.0", "26.10.0"])("%s will do", (version) => {
    expect(nodeProblem(version)).toBeNull();
  });

  it.each(["18.20.4", "20.20.2", "22.0.0", "22.18.9"])("%s is answered in one line", (version) => {
    expect(nodeProblem(version)).toBe(
      `needs Node 22.19 or newer, and this is ${version}. Install a newer one, as from https://nodejs.org.`,
    );
  });

  it("is the same minimum in package.json and in the launcher", () => {
    expect(packageJson.engines.node).toBe(`>=${MINIMUM_NODE.join(".")}`);
    expect(readFileSync(join(ROOT, "scripts/with-node.mjs"), "utf8")).toContain(
      `const MINIMUM = [${MINIMUM_NODE.join(", ")}];`,
    );
  });

  it("is checked before anything else is loaded", () => {
    const main = readFileSync(join(ROOT, "adapters/node/main.ts"), "utf8");
    expect(main.match(/^import .*$/gm)).toEqual([
      'import { nodeProblem } from "./node-version.ts";',
    ]);
    expect(readFileSync(join(ROOT, "adapters/node/node-version.ts"), "utf8")).not.toMatch(
      /^import /m,
    );
  });
});

describe("--version", () => {
  it("prints the version of the package", () => {
    expect(VERSION).toBe(packageJson.version);
    expect(runCli(["--version"], { cwd: ROOT })).toEqual({
      status: 0,
      stdout: `${packageJson.version}\n`,
      stderr: "",
    });
  });
});
