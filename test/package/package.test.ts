import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import {
  bareEnvironment,
  callTool,
  ROOT,
  startProcess,
  temporaryFolder,
  toolNames,
  type Banner,
} from "../helpers/server-process.ts";

/** With the admin API, its pages of documentation, metrics and access tokens it came to 673 KiB. */
const MAX_TARBALL_BYTES = 768 * 1024;
/** What the package is made of; a copy of it is built, so that nothing in the checkout is touched. */
const INGREDIENTS = [
  "adapters",
  "config",
  "drizzle",
  "plugins",
  "scripts",
  "src",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "package.json",
  "tsconfig.base.json",
  "tsconfig.json",
];

const require = createRequire(import.meta.url);

let folder: ReturnType<typeof temporaryFolder>;
let checkout: string;
let consumer: string;
let installed: string;
let tarball: string;
let packed: { size: number; files: { path: string; mode: number }[] };

function run(command: string, args: string[], cwd: string): string {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...outerEnvironment(), npm_config_loglevel: "error" },
    encoding: "utf8",
  });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(" ")}\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

/** The caller's environment without what npm tells its scripts, which would lead an npm in here back to the checkout. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const inner = /^(npm_(package|lifecycle|command|config_local_prefix|config_prefix)|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inner.test(name)));
}

beforeAll(() => {
  folder = temporaryFolder();
  checkout = join(folder.path, "checkout");
  consumer = join(folder.path, "consumer");
  installed = join(consumer, "node_modules/mcp-plugin-server");
  for (const name of INGREDIENTS) {
    if (!existsSync(join(ROOT, name))) continue;
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));

  addFirstPartyPlugins(join(checkout, "plugins"));

  // What an earlier build left behind must not ship.
  mkdirSync(join(checkout, "dist"));
  writeFileSync(join(checkout, "dist/stale.js"), "");
  run(process.execPath, ["scripts/build.ts"], checkout);

  const [report] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", folder.path], checkout),
  ) as [{ filename: string; size: number; files: { path: string; mode: number }[] }];
  packed = report;
  tarball = join(folder.path, report.filename);

  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }');
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  run("npm", ["install", ...flags, tarball], consumer);
}, 180_000);

afterAll(() => folder.remove());

/** Two more of the server's own: one with a manifest, one in JavaScript with a helper and data. */
function addFirstPartyPlugins(plugins: string): void {
  const files = {
    "manifested/package.json": JSON.stringify({
      type: "module",
      mcpPlugin: { apiVersion: 1, entry: "./index.ts" },
    }),
    "manifested/index.ts": `import { definePlugin } from "mcp-plugin-server/plugin";
      const words: string[] = ["from", "TypeScript"];
      export default definePlugin({
        name: "manifested", version: "1.0.0", description: "Has a manifest.",
        tools: { say: { description: "Speaks.", handler: () => words.join(" ") } },
      });`,
    "plain/index.js": `import { say } from "./helper.js";
      import data from "./data.json" with { type: "json" };
      export default {
        name: "plain", version: "1.0.0", description: "Plain JavaScript.",
        async initialize() {}, async cleanup() {}, getResources: () => [],
        getTools: () => [{ name: "say", description: "Speaks." }],
        executeTool: async () => say(data),
      };`,
    "plain/helper.js": `export const say = (data) => "from " + data.language;`,
    "plain/data.json": '{ "language": "JavaScript" }',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(plugins, name, ".."), { recursive: true });
    writeFileSync(join(plugins, name), text);
  }
}

describe("the package", () => {
  it("ships what was built and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "package.json",
        "LICENSE",
        "dist/adapters/node/main.js",
        "dist/src/index.d.ts",
        "dist/plugins/time/index.js",
        "dist/drizzle/migrations/sqlite/meta/_journal.json",
      ]),
    );
    const strays = paths.filter(
      (path) =>
        !/^dist\/(src|plugins|drizzle|adapters\/(node|workers))\/.+\.(js|d\.ts|json|sql)$/.test(
          path,
        ) &&
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[a-z-]+\.md|config\/plugins\.schema\.json)$/.test(
          path,
        ),
    );
    expect(strays).toEqual([]);
    expect(paths.filter((path) => /(^|\/)tests?\/|\.test\.|tsbuildinfo|stale/.test(path))).toEqual(
      [],
    );
    expect(packed.size).toBeLessThan(MAX_TARBALL_BYTES);
  });

  it("has a command that can be run", () => {
    const main = join(installed, "dist/adapters/node/main.js");
    expect(readFileSync(main, "utf8").split("\n")[0]).toBe("#!/usr/bin/env node");
    expect(statSync(main).mode & 0o111).toBe(0o111);
    expect(packed.files.find(({ path }) => path === "dist/adapters/node/main.js")?.mode).toBe(
      0o755,
    );
  });

  it("pleases publint", async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that resolve wherever ES modules do", () => {
    const attw = join(require.resolve("@arethetypeswrong/cli/package.json"), "../dist/index.js");
    const options = ["--profile", "esm-only", "--exclude-entrypoints", "./schemas/plugins.json"];
    // Its exit code is not 0 when an entry has a problem in a resolution that counts.
    const output = run(
      process.execPath,
      [attw, tarball, "--format", "ascii", "--no-emoji", ...options],
      folder.path,
    );
    const entries = [...output.matchAll(/^"mcp-plugin-server(.*)"$/gm)].map(([, entry]) => entry);
    expect(entries).toEqual([
      "",
      "/plugin",
      "/adapters/node",
      "/adapters/workers",
      "/package.json",
    ]);
    expect(output.match(/^node16 \(from ESM\): OK \(ESM\)$/gm)).toHaveLength(4);
  });
});

describe("the installed package", () => {
  it.each([
    [".", ["createApp", "AppError"]],
    ["./plugin", ["definePlugin", "ToolError", "createTestHost", "z"]],
    ["./adapters/node", ["startServer", "readSettings"]],
    ["./adapters/workers", ["createWorker"]],
  ])("exports %s", (entry, names) => {
    const specifier = `mcp-plugin-server${entry.slice(1)}`;
    const script = `console.log(JSON.stringify(Object.keys(await import("${specifier}"))))`;
    const output = run(process.execPath, ["--input-type=module", "-e", script], consumer);
    expect(JSON.parse(output)).toEqual(expect.arrayContaining(names));
  });

  it("exports the JSON Schema of the plugins file", () => {
    const script = `import schema from "mcp-plugin-server/schemas/plugins.json" with { type: "json" };
      console.log(JSON.stringify(Object.keys(schema.properties)));`;
    const output = run(process.execPath, ["--input-type=module", "-e", script], consumer);
    expect(JSON.parse(output)).toEqual(["$schema", "plugins"]);
  });

  it("runs in an empty folder without configuration, and serves its time plugin", async () => {
    const empty = join(folder.path, "empty");
    mkdirSync(empty);
    const bin = join(consumer, "node_modules/.bin/mcp-plugin-server");
    const server = startProcess(["serve", "--json"], { cwd: empty }, [bin]);
    try {
      const banner = (await server.banner()) as Required<Banner>;
      expect(banner.dataDir).toBe(join(empty, "data"));
      const { status, text } = await callTool(banner, banner.clientKey, "time_now", {});
      expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining('"result"') });
      const names = await toolNames(banner);
      expect(names).toContain("time_now");
    } finally {
      await server.stop();
    }
    expect(readdirSync(empty)).toEqual(["data"]);
  });

  it("runs bundled plugins with a manifest, and in JavaScript", async () => {
    const two = join(folder.path, "two");
    mkdirSync(two);
    const entries = { a: { package: "./manifested" }, b: { package: "./plain" } };
    writeFileSync(join(two, "plugins.json"), JSON.stringify({ plugins: entries }));
    const bin = join(consumer, "node_modules/.bin/mcp-plugin-server");
    const server = startProcess(["--json", "--config", "plugins.json"], { cwd: two }, [bin]);
    try {
      const banner = (await server.banner()) as Required<Banner>;
      const say = async (tool: string) => (await callTool(banner, banner.clientKey, tool)).text;
      expect(await say("a_say")).toContain('"from TypeScript"');
      expect(await say("b_say")).toContain('"from JavaScript"');
    } finally {
      await server.stop();
    }
  });

  it("reloads a plugin of the user's, written in TypeScript, in a thread of its own", async () => {
    const own = join(folder.path, "own");
    mkdirSync(join(own, "plugins/greeter"), { recursive: true });
    mkdirSync(join(own, "config"));
    writeFileSync(
      join(own, "config/plugins.json"),
      '{ "plugins": { "greeter": { "package": "./greeter" } } }',
    );
    const source = (greeting: string) =>
      `import { definePlugin, z } from "mcp-plugin-server/plugin";
       const greet = (name: string): string => "${greeting} " + name;
       export default definePlugin({
         name: "greeter", version: "1.0.0", description: "Greets.",
         tools: { greet: {
           description: "Greets.", input: z.object({ name: z.string() }),
           handler: ({ name }) => greet(name),
         } },
       });`;
    const file = join(own, "plugins/greeter/index.ts");
    writeFileSync(file, source("Hello"));
    const bin = join(consumer, "node_modules/.bin/mcp-plugin-server");
    const server = startProcess(["dev", "--json"], { cwd: own }, [bin]);
    try {
      const banner = (await server.banner()) as Required<Banner>;
      const greeting = async () =>
        (await callTool(banner, banner.clientKey, "greeter_greet", { name: "Ada" })).text;
      expect(await greeting()).toContain("Hello Ada");
      writeFileSync(file, source("Good evening"));
      await expect.poll(greeting, { timeout: 10_000 }).toContain("Good evening Ada");
    } finally {
      await server.stop();
    }
  });

  it("serves the client that starts it, on stdin and stdout", () => {
    const cwd = join(folder.path, "stdio");
    mkdirSync(cwd);
    const { body } = modernRequest("tools/call", { name: "time_now", arguments: {} }, { id: "a" });
    const bin = join(consumer, "node_modules/.bin/mcp-plugin-server");
    const env = bareEnvironment(cwd);
    const { status, stdout } = spawnSync(bin, ["stdio"], {
      cwd,
      env,
      input: `${body}\n`,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: "a", result: { structuredContent: {} } });
  });

  it("gives a plugin author types from end to end", () => {
    writeFileSync(
      join(consumer, "plugin.ts"),
      `import { definePlugin, z } from "mcp-plugin-server/plugin";
       import { startServer } from "mcp-plugin-server/adapters/node";
       export const plugin = definePlugin({
         name: "typed", version: "1.0.0", description: "Typed.",
         tools: { double: {
           description: "Doubles.", input: z.object({ n: z.number() }),
           handler: ({ n }) => {
             // @ts-expect-error -- n is a number, so the types have arrived
             n.toUpperCase();
             return n * 2;
           },
         } },
       });
       // @ts-expect-error -- it takes settings and a logger
       void startServer();`,
    );
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    // It prints what is wrong, and exits with 2 then.
    expect(run(process.execPath, [tsc, ...options, "--types", "", "plugin.ts"], consumer)).toBe("");
  });
});
