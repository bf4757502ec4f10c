import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  callTool,
  FIXTURE_PLUGINS,
  startProcess,
  temporaryFolder,
  type Banner,
  type ServerProcess,
} from "../../helpers/server-process.ts";

// A process of its own, because the test runner has its own import().

const GOOD = {
  "class-js": { package: "./plain-class-js", config: { step: 2 } },
  "class-js-again": { package: "./plain-class-js" },
  "object-ts": { package: "./plain-object-ts", config: { mark: "?!" } },
  "factory-ts": { package: "./plain-factory-ts", config: { sides: 20 } },
  "factory-ts-again": { package: "./plain-factory-ts" },
  commonjs: { package: "./commonjs" },
  compiled: { package: "./commonjs-compiled" },
  manifest: { package: "./with-manifest", config: { greeting: "Moin" } },
  "manifest-again": { package: "./with-manifest" },
  npm: { package: "mcp-plugin-npm" },
} as const;

const BAD = {
  "object-ts-again": { package: "./plain-object-ts" },
  climbs: { package: "../plain-class-js" },
  absolute: { package: "/etc" },
  "bad-settings": { package: "./with-manifest", config: { color: "red" } },
  "bad-json": { package: "./bad-json" },
  "bad-manifest": { package: "./bad-manifest" },
  "linked-out": { package: "./linked-out" },
  missing: { package: "./missing" },
  empty: { package: "./empty" },
  throws: { package: "./throws" },
  syntax: { package: "./syntax" },
  stranger: { package: "./stranger" },
  "ts-enum": { package: "./ts-enum" },
  "no-plugin": { package: "./no-plugin" },
  "half-plugin": { package: "./half-plugin" },
} as const;

const FILES = {
  "bad-json/package.json": "{",
  "bad-json/index.js": "",
  "bad-manifest/package.json": '{ "mcpPlugin": { "apiVersion": "1", "entry": "index.js" } }',
  "linked-out/readme.md": "",
  "empty/readme.md": "",
  "throws/index.js": 'throw new Error("boom at import");',
  "syntax/index.js": "export default {",
  "stranger/index.js": 'import "a-package-that-nobody-installed";',
  "ts-enum/index.ts": "enum Color { Red }\nexport default Color;",
  "no-plugin/index.js": "export const plugin = {};",
  "half-plugin/index.js":
    'export default { name: "half", version: "1.0.0", getTools: () => [], getResources: () => [] };',
};

interface Row {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
}

const folder = temporaryFolder();
let server: ServerProcess;
let banner: Banner;
let rows: ReadonlyMap<string, Row>;

beforeAll(async () => {
  const plugins = join(folder.path, "plugins");
  for (const name of new Set(Object.values({ ...GOOD, ...BAD }).map((entry) => entry.package))) {
    if (/^\.\/(plain|commonjs|with)/.test(name)) {
      cpSync(join(FIXTURE_PLUGINS, name), join(plugins, name), { recursive: true });
    }
  }
  cpSync(
    join(FIXTURE_PLUGINS, "commonjs-compiled"),
    join(folder.path, "node_modules/mcp-plugin-npm"),
    {
      recursive: true,
    },
  );
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(plugins, name)), { recursive: true });
    writeFileSync(join(plugins, name), content);
  }
  symlinkSync(join(plugins, "plain-class-js/index.js"), join(plugins, "linked-out/index.js"));
  const config = join(folder.path, "plugins.json");
  writeFileSync(config, JSON.stringify({ plugins: { ...GOOD, ...BAD } }));

  server = startProcess(["--json"], {
    cwd: folder.path,
    env: { MCP_CONFIG: config, MCP_PLUGINS_DIR: plugins },
  });
  banner = await server.banner();
  const response = await fetch(`${banner.url}/api/plugins`, {
    headers: { authorization: `Bearer ${banner.adminToken}` },
  });
  const { data } = (await response.json()) as { data: Row[] };
  rows = new Map(data.map((row) => [row.id, row]));
}, 60_000);

afterAll(async () => {
  await server.stop();
  folder.remove();
});

async function call(name: string, args: Record<string, unknown> = {}) {
  const { status, text } = await callTool(banner, banner.clientKey!, name, args);
  expect(status).toBe(200);
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  return (JSON.parse(text) as { result: any }).result;
}

describe("a plugin written from the published interface alone", () => {
  it.each(Object.keys(GOOD))("runs: %s", (id) => {
    expect(rows.get(id)).toMatchObject({ state: "running", error: null });
  });

  it("answers as a JavaScript class, each instance with its own settings and memory", async () => {
    const first = await call("class-js_count", { what: "sheep" });
    expect(first.structuredContent).toEqual({ what: "sheep", count: 2 });
    expect(first.content).toEqual([{ type: "text", text: '{"what":"sheep","count":2}' }]);
    expect((await call("class-js_count", { what: "sheep" })).structuredContent.count).toBe(4);
    expect((await call("class-js-again_count", { what: "sheep" })).structuredContent.count).toBe(1);
  });

  it("has credentials that no other instance sees", async () => {
    const fresh = { before: null, after: "stored", authenticated: false, token: null };
    expect((await call("class-js_whoami")).structuredContent).toEqual({ id: "class-js", ...fresh });
    expect((await call("class-js-again_whoami")).structuredContent).toEqual({
      id: "class-js-again",
      ...fresh,
    });
  });

  it("has its arguments checked before it runs", async () => {
    const result = await call("class-js_count");
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("what");
  });

  it("answers as a TypeScript object", async () => {
    expect((await call("object-ts_shout", { text: "hey" })).content).toEqual([
      { type: "text", text: "HEY?!" },
    ]);
  });

  it("answers as a TypeScript factory, each instance with its own variables", async () => {
    const text = async (name: string) => (await call(name)).content[0].text as string;
    expect(await text("factory-ts_roll")).toBe("Roll 1 of a die with 20 sides: 20");
    expect(await text("factory-ts_roll")).toBe("Roll 2 of a die with 20 sides: 20");
    expect(await text("factory-ts-again_roll")).toBe("Roll 1 of a die with 6 sides: 6");
  });

  it("answers as CommonJS, written and compiled", async () => {
    expect((await call("commonjs_basename", { path: "/a/b.txt" })).content[0].text).toBe("b.txt");
    expect((await call("compiled_echo", { n: 1 })).structuredContent).toEqual({ n: 1 });
  });

  it("answers from an npm package", async () => {
    expect((await call("npm_echo", { n: 2 })).structuredContent).toEqual({ n: 2 });
  });
});

describe("a package with a manifest of its own", () => {
  it("takes the plugin API by name, from a folder that has none of our packages", async () => {
    expect((await call("manifest_greet", { name: "Ada" })).content[0].text).toBe("Moin, Ada!");
  });

  it("gets the defaults of the manifest's settings", async () => {
    expect((await call("manifest-again_greet", { name: "Ada" })).content[0].text).toBe(
      "Hello, Ada!",
    );
  });

  it("raises a ToolError that the server knows", async () => {
    expect(await call("manifest_greet", { name: "nobody" })).toMatchObject({
      isError: true,
      content: [{ type: "text", text: "There is nobody to greet." }],
    });
  });
});

describe("a package that cannot run fails alone and says why", () => {
  const refused = (ref: string) =>
    `"${ref}" is neither a folder in the plugins folder (./name) nor the name of an npm package.`;

  it.each([
    { id: "object-ts-again", error: expect.stringMatching(/which the instance "object-ts" uses/) },
    { id: "climbs", error: refused("../plain-class-js") },
    { id: "absolute", error: refused("/etc") },
    {
      id: "bad-settings",
      error: expect.stringMatching(/^Its settings are not valid: .*\(color\)/),
    },
    { id: "bad-json", error: expect.stringMatching(/^Its package\.json cannot be read: /) },
    {
      id: "bad-manifest",
      error: expect.stringMatching(/mcpPlugin\/apiVersion: .*; mcpPlugin\/entry: /),
    },
    { id: "linked-out", error: "Its entry lies outside of its folder." },
    { id: "missing", error: 'Package "./missing" was not found.' },
    { id: "empty", error: "It has no index.ts or index.js or index.mjs or index.cjs." },
    {
      id: "throws",
      error: expect.stringMatching(
        /^Loading failed: boom at import \(.+\/throws\/index\.js:1:7\)$/,
      ),
    },
    { id: "syntax", error: expect.stringMatching(/^Loading failed: .+\/syntax\/index\.js:1/) },
    { id: "stranger", error: expect.stringMatching(/a-package-that-nobody-installed/) },
    { id: "ts-enum", error: expect.stringMatching(/enum is not supported/) },
    { id: "no-plugin", error: expect.stringMatching(/The default export must be a plugin object/) },
    {
      id: "half-plugin",
      error:
        "Loading failed: The plugin object lacks description, initialize(), executeTool(), cleanup().",
    },
  ])("$id", ({ id, error }) => {
    const row = rows.get(id);
    expect(row?.state).toBe("failed");
    expect(row?.error).toEqual(error);
  });

  it("has a case for every one", () => {
    expect([...rows.keys()].toSorted()).toEqual(Object.keys({ ...GOOD, ...BAD }).toSorted());
  });
});
