import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-walls-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the lint walls", () => {
  const IMPORTS = "eslint(no-restricted-imports)";
  const GLOBALS = "eslint(no-restricted-globals)";
  const PROPERTIES = "eslint(no-restricted-properties)";
  const NODE = "import(no-nodejs-modules)";
  const DEFAULT = "import(no-default-export)";

  /** In which folder which line breaks which rule; `null` for what is allowed there. */
  const plants: [folder: string, line: string, rule: string | null][] = [
    ["src/types", `export * from "../util/bytes.ts";`, IMPORTS],
    ["src/types", `export * from "zod";`, IMPORTS],
    ["src/types", `export * from "./json.ts";`, null],
    ["src/util", `export * from "../core/registry.ts";`, IMPORTS],
    ["src/util", `export * from "../types/json.ts";`, null],
    ["src/core", `export * from "../api/problem.ts";`, IMPORTS],
    ["src/core", `export * from "../index.ts";`, IMPORTS],
    ["src/core", `export * from "hono";`, IMPORTS],
    ["src/core", `export * from "drizzle-orm";`, IMPORTS],
    ["src/core", `export const later = import("../storage/memory.ts");`, IMPORTS],
    ["src/core", `export type { Route } from "../api/route-table.ts";`, IMPORTS],
    ["src/core", `export * from "../util/bytes.ts";`, null],
    ["src/core/auth", `export * from "../../storage/memory.ts";`, IMPORTS],
    ["src/core/auth", `export * from "../../index.ts";`, IMPORTS],
    ["src/core/auth", `export * from "../registry.ts";`, null],
    ["src/core/auth", `export * from "oauth4webapi";`, null],
    ["src/core/auth", `export * from "arctic";`, IMPORTS],
    ["src/core/auth/providers", `export * from "arctic";`, null],
    ["src/core/auth/providers", `export * from "../../../types/json.ts";`, null],
    ["src/core/auth/providers", `export * from "../oauth-client.ts";`, null],
    ["src/core/auth/providers", `export * from "oauth4webapi";`, IMPORTS],
    ["src/core/auth/providers", `export * from "../../registry.ts";`, IMPORTS],
    ["src/core/auth/providers", `export * from "../../../storage/memory.ts";`, IMPORTS],
    ["src/core/auth", `export * from "../../types/json.ts";`, null],
    ["src/host", `export * from "../core/registry.ts";`, IMPORTS],
    ["src/host", `export * from "../types/json.ts";`, null],
    ["src/storage", `export * from "../core/registry.ts";`, IMPORTS],
    ["src/storage", `export * from "drizzle-orm/better-sqlite3";`, IMPORTS],
    ["src/storage", `export * from "drizzle-orm/better-sqlite3/migrator";`, IMPORTS],
    ["src/storage", `export * from "drizzle-orm/sqlite-core";`, null],
    ["src/storage", `export * from "../../drizzle/sqlite.ts";`, null],
    ["src/plugins", `export * from "../core/registry.ts";`, IMPORTS],
    ["src/plugins/base", `export * from "../../core/registry.ts";`, IMPORTS],
    ["src/plugins", `export * from "../host/plugin-object.ts";`, null],
    ["src/api", `export * from "../storage/memory.ts";`, IMPORTS],
    ["src/api/routes", `export * from "../../storage/memory.ts";`, IMPORTS],
    ["src/api/routes", `export * from "../../core/registry.ts";`, null],
    ["src", `export * from "../adapters/node/index.ts";`, IMPORTS],
    ["src", `export * from "./storage/memory.ts";`, null],
    ["drizzle", `export * from "../src/index.ts";`, IMPORTS],
    ["drizzle", `export * from "drizzle-orm/better-sqlite3";`, IMPORTS],
    ["plugins/mine", `export * from "../../src/index.ts";`, IMPORTS],
    ["plugins/mine", `export * from "../other/index.ts";`, IMPORTS],
    ["plugins/mine/lib", `export * from "../../other/index.ts";`, IMPORTS],
    ["plugins/mine", `export * from "mcp-plugin-server";`, IMPORTS],
    ["plugins/mine", `export * from "mcp-plugin-server/plugin";`, null],
    ["plugins/mine/lib", `export * from "../zones.ts";`, null],
    ["adapters/node", `export * from "../../src/app.ts";`, IMPORTS],
    ["adapters/node", `export * from "../workers/index.ts";`, IMPORTS],
    ["adapters/node/cli", `export * from "../../workers/index.ts";`, IMPORTS],
    ["adapters/node", `export * from "mcp-plugin-server";`, IMPORTS],
    ["adapters/node", `export * from "../../src/index.ts";`, null],
    ["adapters/node", `export * from "../../src/guest.ts";`, null],
    ["adapters/node/cli", `export * from "../../../src/index.ts";`, null],
    ["adapters/node/cli", `export * from "../../../src/guest.ts";`, null],
    ["adapters/workers", `export * from "../../plugins/mine/index.ts";`, IMPORTS],
    ["plugins/mine", `export * from "node:fs";`, NODE],
    ["adapters/workers", `export * from "node:fs";`, NODE],
    ["adapters/node", `export * from "node:fs";`, null],
    ["src/core", `export const env = process.env;`, GLOBALS],
    ["src/core", `export const bytes = Buffer.from("");`, GLOBALS],
    ["src/core", `export const timer = setTimeout(() => {}, 1);`, GLOBALS],
    ["plugins/mine", `export const env = process.env;`, GLOBALS],
    ["adapters/workers", `export const bytes = Buffer.from("");`, GLOBALS],
    ["adapters/workers", `export const timer = setTimeout(() => {}, 1);`, null],
    ["adapters/node", `export const env = process.env;`, null],
    ["src/core", `export const now = Date.now();`, PROPERTIES],
    ["src/core", `export const dice = Math.random();`, PROPERTIES],
    ["src/core", `export default 1;`, DEFAULT],
    ["adapters/node", `export default 1;`, DEFAULT],
  ];

  const found = new Map<string, string[]>();
  beforeAll(async () => {
    cpSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    plants.forEach(([where, line], index) => write(`${where}/planted-${index}.ts`, line));
    write("src/core/cycle-a.ts", `import { b } from "./cycle-b.ts";\nexport const a = () => b;`);
    write("src/core/cycle-b.ts", `import { a } from "./cycle-a.ts";\nexport const b = () => a;`);
    const folders = ["src", "adapters", "plugins", "drizzle"];
    const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
    const report = JSON.parse(await run(oxlint, ["--format=json", ...folders])) as {
      diagnostics: { filename: string; code: string }[];
    };
    for (const { filename, code } of report.diagnostics) {
      const rules = found.get(filename) ?? [];
      found.set(filename, [...rules, code]);
    }
  });

  it.each(plants.map(([where, line, rule], index) => ({ where, line, rule, index })))(
    "answer $rule to $line in $where",
    ({ where, rule, index }) => {
      const rules = found.get(`${where}/planted-${index}.ts`) ?? [];
      expect(rules).toEqual(rule === null ? [] : [rule]);
    },
  );

  it("answer with the cycle to modules that import each other", () => {
    expect(found.get("src/core/cycle-a.ts")).toContain("import(no-cycle)");
  });
});

describe("the compiler's zones", () => {
  const plants = [
    ["src/types/planted.ts", `export * from "../util/bytes.ts";`, "TS6307"],
    ["src/util/planted.ts", `export * from "../core/json-rpc.ts";`, "TS6307"],
    ["src/core/planted.ts", `export * from "../api/problem.ts";`, "TS6307"],
    ["src/core/planted-process.ts", `export const env = process.env;`, "TS2591"],
    ["src/core/planted-buffer.ts", `export const bytes = Buffer.from("");`, "TS2591"],
    ["src/core/planted-enum.ts", `export enum Kind { A }`, "TS1294"],
    ["src/api/planted.ts", `export * from "../storage/memory.ts";`, "TS6307"],
  ] as const;

  let output: string;
  beforeAll(async () => {
    for (const name of ["src", "drizzle", "tsconfig.base.json"]) {
      cpSync(join(ROOT, name), join(folder, "zones", name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "zones/node_modules"));
    for (const [path, line] of plants) write(`zones/${path}`, line);
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    output = await run(tsc, ["-b", "zones/src", "--pretty", "false"]);
  });

  it.each(plants)("refuse in %s: %s (%s)", (path, _line, code) => {
    const codes = output
      .split("\n")
      .filter((line) => line.startsWith(`zones/${path}(`))
      .map((line) => /error (TS\d+)/.exec(line)?.[1]);
    expect(codes).toContain(code);
  });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `${text}\n`);
}

/** What a tool says about the folder. That it finds faults is what is wanted, so its exit code tells nothing. */
function run(script: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: folder }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}
