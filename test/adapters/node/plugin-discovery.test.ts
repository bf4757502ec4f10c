import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDiscovery } from "../../../adapters/node/plugin-discovery.ts";
import { temporaryFolder } from "../../helpers/server-process.ts";

const folder = temporaryFolder();
const root = join(folder.path, "project");
const pluginsDir = join(root, "plugins");
const bundledDir = join(root, "bundled");

/** Writes files by their path below the project; a value that is no text is written as JSON. */
function write(files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  }
}

const manifest = (mcpPlugin: unknown) => ({ name: "some-plugin", mcpPlugin });
const valid = { apiVersion: 1, entry: "./index.js" };

beforeAll(() => {
  write({
    "secret.js": "export default {}",
    "plugins/ts/index.ts": "",
    "plugins/js/index.js": "",
    "plugins/both/index.ts": "",
    "plugins/both/index.js": "",
    "plugins/mjs/index.mjs": "",
    "plugins/cjs/index.cjs": "",
    "plugins/plain-package/package.json": { name: "no-manifest", main: "./other.js" },
    "plugins/plain-package/index.js": "",
    "plugins/full/package.json": manifest({
      apiVersion: 1,
      entry: "./src/main.js",
      permissions: { net: ["example.org"] },
      config: { type: "object" },
      auth: { type: "api-key", required: true, fields: {} },
    }),
    "plugins/full/src/main.js": "",
    "plugins/shadowed/index.js": "",
    "bundled/shadowed/index.js": "",
    "bundled/only-bundled/index.js": "",
    "plugins/a-file.js": "",
    "plugins/.hidden/index.js": "",
    "plugins/node_modules/index.js": "",
    "node_modules/mcp-plugin-npm/index.js": "",
    "node_modules/mcp-plugin-npm/index.ts": "",
    "node_modules/@scope/mcp-plugin/package.json": manifest({ ...valid, entry: "./dist/main.js" }),
    "node_modules/@scope/mcp-plugin/dist/main.js": "",

    "plugins/empty/readme.md": "Nothing here.",
    "plugins/no-json/package.json": "{ not json",
    "plugins/no-json/index.js": "",
    "plugins/no-entry/package.json": manifest({ ...valid, entry: "./missing.js" }),
    "plugins/folder-entry/package.json": manifest({ ...valid, entry: "./src" }),
    "plugins/folder-entry/src/index.js": "",
    "plugins/climbs/package.json": manifest({ ...valid, entry: "./../../secret.js" }),
    "plugins/wrong-manifest/package.json": manifest({
      apiVersion: 2,
      entry: "index.js",
      permissions: [],
      config: "none",
      secret: true,
    }),
    "plugins/null-manifest/package.json": manifest(null),
    "plugins/null-manifest/index.js": "",
    "plugins/linked-entry/readme.md": "",
    "plugins/linked-manifest-entry/package.json": manifest(valid),
  });
  symlinkSync(join(root, "secret.js"), join(pluginsDir, "linked-entry/index.js"));
  symlinkSync(join(root, "secret.js"), join(pluginsDir, "linked-manifest-entry/index.js"));
  mkdirSync(join(root, "elsewhere"));
  writeFileSync(join(root, "elsewhere/index.js"), "");
  symlinkSync(join(root, "elsewhere"), join(pluginsDir, "linked-folder"));
  symlinkSync(join(root, "nowhere"), join(pluginsDir, "dangling"));
});

afterAll(() => folder.remove());

const discovery = () => createDiscovery({ pluginsDir, bundledDir, packagesFrom: pluginsDir });
const urlOf = (path: string) => pathToFileURL(join(root, path)).href;

describe("discovery", () => {
  it.each([
    { ref: "./ts", entry: "plugins/ts/index.ts" },
    { ref: "./js", entry: "plugins/js/index.js" },
    { ref: "./both", entry: "plugins/both/index.ts" },
    { ref: "./mjs", entry: "plugins/mjs/index.mjs" },
    { ref: "./cjs", entry: "plugins/cjs/index.cjs" },
    { ref: "./plain-package", entry: "plugins/plain-package/index.js" },
    { ref: "./shadowed", entry: "plugins/shadowed/index.js" },
    { ref: "./only-bundled", entry: "bundled/only-bundled/index.js" },
    { ref: "./linked-folder", entry: "elsewhere/index.js" },
  ])("finds the plugin folder $ref", async ({ ref, entry }) => {
    const { packages } = await discovery().discover([]);
    expect(packages.filter((found) => found.ref === ref)).toEqual([
      { ref, entry: urlOf(entry), manifest: null },
    ]);
  });

  it("reads a manifest without running any code", async () => {
    const { packages } = await discovery().discover([]);
    expect(packages.find(({ ref }) => ref === "./full")).toEqual({
      ref: "./full",
      entry: urlOf("plugins/full/src/main.js"),
      manifest: {
        apiVersion: 1,
        entry: "./src/main.js",
        permissions: { net: ["example.org"] },
        config: { type: "object" },
        auth: { type: "api-key", required: true, fields: {} },
      },
    });
  });

  it.each([
    { ref: "mcp-plugin-npm", entry: "node_modules/mcp-plugin-npm/index.js" },
    { ref: "@scope/mcp-plugin", entry: "node_modules/@scope/mcp-plugin/dist/main.js" },
  ])("finds the npm package $ref, and its JavaScript", async ({ ref, entry }) => {
    const { packages, errors } = await discovery().discover([ref]);
    expect(packages.find((found) => found.ref === ref)?.entry).toBe(urlOf(entry));
    expect(errors.map((error) => error.ref)).not.toContain(ref);
  });

  it("lists npm packages only when they are asked for", async () => {
    const { packages } = await discovery().discover([]);
    expect(packages.every(({ ref }) => ref.startsWith("./"))).toBe(true);
  });

  it("lists each package once, though it is found and asked for", async () => {
    const { packages } = await discovery().discover(["./js", "./js"]);
    expect(packages.filter(({ ref }) => ref === "./js")).toHaveLength(1);
  });

  it("takes files, hidden folders and node_modules for no plugins", async () => {
    const { packages, errors } = await discovery().discover([]);
    const refs = [...packages, ...errors].map(({ ref }) => ref);
    expect(refs.filter((ref) => /a-file|hidden|node_modules|dangling/.test(ref))).toEqual([]);
  });

  it("finds nothing in folders that do not exist", async () => {
    const none = join(root, "none");
    const empty = createDiscovery({ pluginsDir: none, bundledDir: none, packagesFrom: none });
    expect(await empty.discover(["./js"])).toEqual({ packages: [], errors: [] });
  });

  it.each(["./missing", "mcp-plugin-missing", "@scope/missing"])(
    "finds no package under %s, and no error either",
    async (ref) => {
      const { packages, errors } = await discovery().discover([ref]);
      expect([...packages, ...errors].filter((found) => found.ref === ref)).toEqual([]);
    },
  );
});

describe("a package that cannot be taken is an error on it alone", () => {
  it.each([
    { ref: "./empty", reason: "It has no index.ts or index.js or index.mjs or index.cjs." },
    { ref: "./no-json", reason: expect.stringMatching(/^Its package\.json cannot be read: ./) },
    { ref: "./no-entry", reason: "It has no ./missing.js." },
    { ref: "./folder-entry", reason: "It has no ./src." },
    {
      ref: "./climbs",
      reason:
        "The manifest in its package.json is not valid: mcpPlugin/entry: must stay inside the plugin's folder",
    },
    { ref: "./linked-entry", reason: "Its entry lies outside of its folder." },
    { ref: "./linked-manifest-entry", reason: "Its entry lies outside of its folder." },
    {
      ref: "./null-manifest",
      reason: expect.stringMatching(
        /^The manifest in its package\.json is not valid: mcpPlugin: ./,
      ),
    },
  ])("$ref", async ({ ref, reason }) => {
    const { packages, errors } = await discovery().discover([]);
    expect(errors.filter((error) => error.ref === ref)).toEqual([{ ref, reason }]);
    expect(packages.some((found) => found.ref === ref)).toBe(false);
    expect(packages.some((found) => found.ref === "./js")).toBe(true);
  });

  it("names every mistake in a manifest", async () => {
    const { errors } = await discovery().discover([]);
    const reason = errors.find(({ ref }) => ref === "./wrong-manifest")?.reason ?? "";
    for (const place of ["apiVersion:", "entry:", "permissions:", "config:", "mcpPlugin: "]) {
      expect(reason).toContain(place);
    }
    expect(reason).toContain('"secret"');
  });

  it.each([
    "../secret.js",
    "./../secret",
    "./..",
    "./.",
    "./a/b",
    "./.hidden",
    "/etc",
    "..",
    "file:///etc",
    "mcp-plugin-npm/../../secret",
    "@scope/../secret",
    "UPPER",
    "",
    "./a\0b",
  ])("a reference that is none: %j", async (ref) => {
    const { packages, errors } = await discovery().discover([ref]);
    expect(errors.filter((error) => error.ref === ref)).toEqual([
      {
        ref,
        reason: `"${ref}" is neither a folder in the plugins folder (./name) nor the name of an npm package.`,
      },
    ]);
    expect(packages.some((found) => found.ref === ref)).toBe(false);
  });
});
