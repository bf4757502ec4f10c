import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { createWorkerHost } from "../../adapters/node/worker-host/worker-host.ts";
import { createCaller, createServices } from "../contract/plugin-host/harness.ts";
import { temporaryFolder } from "../helpers/server-process.ts";

const folder = temporaryFolder();
const urlOf = (name: string) => pathToFileURL(join(folder.path, name)).href;

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
}

/** A plugin in the given words of TypeScript, with one tool that does what `tool` says. */
const plugin = (imports: string, tool = "undefined") => `${imports}
export default {
  name: "p", version: "1.0.0", description: "d",
  initialize: async () => {}, getTools: () => [], getResources: () => [], cleanup: async () => {},
  executeTool: async (): Promise<unknown> => ${tool},
};`;

/** Loads an entry; answers what the host said of its files, and how it went. */
async function load(entry: string) {
  const modules: string[] = [];
  const host = createWorkerHost({
    onModule: (instanceId, url) => void modules.push(`${instanceId} ${url}`),
  });
  const { services } = createServices();
  const loading = host.load({ instanceId: "it", entry: urlOf(entry) }, services);
  const failure = await loading.then(
    () => null,
    (error: unknown) => error,
  );
  return {
    modules,
    failure,
    loading,
    of: (...names: string[]) => names.map((name) => `it ${urlOf(name)}`),
  };
}

describe("in the worker host, the files of a plugin", () => {
  it("are told, whatever kind of module they are, and the server's own are not", async () => {
    write({
      "kinds/index.ts": plugin(
        `import { definePlugin, z } from "mcp-plugin-server/plugin";
         import { a } from "./a.ts";
         import data from "./data.json" with { type: "json" };
         import common from "./common.cjs";
         import { format } from "node:util";
         export const all = [definePlugin, z, a, data, common, format];`,
      ),
      "kinds/a.ts": `import { b } from "./deep/b.mts"; export const a: number = b;`,
      "kinds/deep/b.mts": `export const b = 1;`,
      "kinds/data.json": "{}",
      "kinds/common.cjs": `module.exports = require("./required.cjs");`,
      "kinds/required.cjs": `module.exports = 1;`,
    });
    const { modules, failure, loading, of } = await load("kinds/index.ts");
    expect(failure).toBeNull();
    const files = ["index.ts", "a.ts", "deep/b.mts", "data.json", "common.cjs", "required.cjs"];
    expect(modules.toSorted()).toEqual(of(...files.map((file) => `kinds/${file}`)).toSorted());
    await (await loading).cleanup();
  });

  it("are told when they are imported later, once each", async () => {
    write({
      "later/index.ts": plugin("", `Promise.all([import("./late.ts"), import("./late.ts?again")])`),
      "later/late.ts": `import "./of-late.ts";`,
      "later/of-late.ts": "",
    });
    const { modules, loading, of } = await load("later/index.ts");
    expect(modules).toEqual(of("later/index.ts"));
    const loaded = await loading;
    await createCaller(loaded).callTool("any");
    await expect
      .poll(() => modules)
      .toEqual(of("later/index.ts", "later/late.ts", "later/of-late.ts"));
    await loaded.cleanup();
  });

  it.each([
    {
      what: "does not parse",
      files: { "index.ts": plugin(`import "./bad.ts";`), "bad.ts": "const = 1;" },
      told: ["index.ts", "bad.ts"],
      stack: /bad\.ts/,
    },
    {
      what: "does not parse, in JavaScript",
      files: { "index.ts": plugin(`import "./bad.js";`), "bad.js": "\nlet x = ;" },
      told: ["index.ts", "bad.js"],
      stack: /bad\.js:2/,
    },
    {
      what: "throws",
      files: { "index.ts": plugin(`import "./bad.ts";`), "bad.ts": `\nthrow new Error("no");` },
      told: ["index.ts", "bad.ts"],
      stack: /bad\.ts:2/,
    },
    {
      what: "is not there",
      files: { "index.ts": plugin(`import "./gone.ts";`) },
      told: ["index.ts", "gone.ts"],
      stack: /gone\.ts/,
    },
    {
      what: "does not export what is imported",
      files: { "index.ts": plugin(`import { b } from "./a.ts"; b;`), "a.ts": "export {};" },
      told: ["index.ts", "a.ts"],
      stack: /A type must be imported with "import type"/,
    },
  ])("are told before the load fails, when one $what", async ({ what, files, told, stack }) => {
    const name = `failing-${what.replaceAll(/\W/g, "-")}`;
    write(
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text])),
    );
    const { modules, failure, of } = await load(`${name}/index.ts`);
    expect(modules.toSorted()).toEqual(of(...told.map((file) => `${name}/${file}`)).toSorted());
    expect((failure as Error).stack).toMatch(stack);
  });
});
