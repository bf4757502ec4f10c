import { describe, expect, it } from "vitest";
import * as nodeAdapter from "../../adapters/node/index.ts";
import * as workersAdapter from "../../adapters/workers/index.ts";
import { VERSION } from "../../adapters/workers/version.ts";
import { read, typesOf, valuesOf } from "./exported-names.ts";

describe("the package's adapters", () => {
  it("exports these names as mcp-plugin-server/adapters/node", () => {
    expect(valuesOf(nodeAdapter)).toMatchInlineSnapshot(`
      "configureLogging
      createExpress
      createLogger
      readSettings
      startServer"
    `);
    expect(typesOf("adapters/node/index.ts")).toMatchInlineSnapshot(`
      "Environment
      RunningServer
      SettingFlags
      Settings"
    `);
  });

  it("exports these names as mcp-plugin-server/adapters/workers", () => {
    expect(valuesOf(workersAdapter)).toMatchInlineSnapshot(`"createWorker"`);
    expect(typesOf("adapters/workers/index.ts")).toMatchInlineSnapshot(`
      "BundledPlugins
      WorkerContext
      WorkerEnv
      WorkerHandler"
    `);
  });

  it("has the same version in the Worker's bundle", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(VERSION).toBe(version);
  });
});
