import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../helpers/database.ts";
import { startProcess } from "../../helpers/server-process.ts";

/** A plugin that tells on stderr when it has been stopped and cleaned up. */
const plugin = (name: string, dependencies: string[], stop: string) => `
  export default () => ({
    name: "${name}", version: "1.0.0", description: "-", dependencies: ${JSON.stringify(dependencies)},
    initialize: async () => {}, getTools: () => [], getResources: () => [], executeTool: async () => 1,
    async stop() { ${stop} },
    async cleanup() { console.error("cleaned up ${name}"); },
  });`;

describe("the end of the process", () => {
  it("waits for every plugin, even if one waits for nothing that keeps a process alive", async () => {
    const cwd = makeFolder();
    const files = {
      "config/plugins.json":
        '{ "plugins": { "app": { "package": "./app" }, "store": { "package": "./store" } } }',
      "plugins/app/index.js": plugin(
        "app",
        ["store"],
        "await new Promise((resolve) => setTimeout(resolve, 300).unref());",
      ),
      "plugins/store/index.js": plugin("store", [], ""),
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), text);
    }
    const server = startProcess(["--json"], { cwd, env: { PORT: "0" } });
    await server.banner();
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stderr().match(/cleaned up \w+/g)).toEqual([
      "cleaned up app",
      "cleaned up store",
    ]);
  });
});
