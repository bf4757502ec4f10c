import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Zone {
  /** Folders and files of this repository. A zone may always import itself. */
  readonly ours: readonly string[];
  readonly packages: RegExp;
}

const NONE = /^$/;
const ANY = /^/;
const INNER = ["src/types", "src/util", "src/errors.ts"];

/**
 * Who may import whom, as docs/architecture.md has it. The linter says the same while one writes; here paths are
 * resolved first, so that no way of writing one leads around a wall, and no folder is without.
 */
const ZONES: Readonly<Record<string, Zone>> = {
  "src/types": { ours: [], packages: NONE },
  "src/util": { ours: ["src/types", "src/errors.ts"], packages: /^(semver\/|jose$)/ },
  "src/errors.ts": { ours: ["src/types"], packages: NONE },
  "src/core": {
    ours: INNER,
    packages:
      /^(@modelcontextprotocol\/server(\/stdio)?|zod|@noble\/hashes\/.+|re2js|jose|oauth4webapi)$/,
  },
  // Only here: what an SDK of OpenTelemetry hears goes by names that stand in one file.
  "src/core/telemetry": {
    ours: [...INNER, "src/core"],
    packages: /^@(modelcontextprotocol\/server|opentelemetry\/api)$/,
  },
  // Deprecated, so nothing else may come to depend on it.
  "src/core/auth/providers": { ours: [...INNER, "src/core/auth"], packages: /^arctic$/ },
  // It decides by addresses, and brings the library for them with it.
  "src/core/outbound": { ours: INNER, packages: /^ipaddr\.js$/ },
  "src/core/limits": { ours: INNER, packages: /^ipaddr\.js$/ },
  "src/host": { ours: INNER, packages: /^@cfworker\/json-schema$/ },
  // A driver's path brings the types of its runtime with it.
  "src/storage": { ours: [...INNER, "drizzle"], packages: /^drizzle-orm(\/\w+-core)?$/ },
  "src/plugins": {
    ours: [...INNER, "src/host", "src/core/outbound"],
    packages: /^(@standard-schema\/spec|zod)$/,
  },
  "src/api": { ours: [...INNER, "src/core"], packages: /^(hono(\/.+)?|zod)$/ },
  // What it brings in, each plugin's thread loads.
  "src/guest.ts": { ours: ["src/host"], packages: NONE },
  src: { ours: [], packages: /^(hono|zod)$/ },
  drizzle: { ours: [], packages: /^drizzle-orm(\/\w+-core)?$/ },
  plugins: { ours: [], packages: ANY },
  adapters: { ours: ["src/index.ts", "src/guest.ts", "drizzle"], packages: ANY },
  "adapters/workers/worker.ts": { ours: ["adapters/workers", "plugins"], packages: NONE },
};

/** Every plugin and every adapter is a zone of its own under the rule of its kind. */
const PER_FOLDER = new Set(["plugins", "adapters"]);

describe("the import walls", () => {
  const files = globSync("{src,adapters,plugins,drizzle}/**/*.ts", { cwd: ROOT });
  const imports = files.flatMap((file) =>
    importsOf(file).map((specifier) => ({ file, specifier })),
  );

  it("stand in every source file", () => {
    expect(imports.length).toBeGreaterThan(300);
    const faults = imports.filter(({ file, specifier }) => !isAllowed(file, specifier));
    expect(faults).toEqual([]);
  });

  it.each([
    ["src/types/plugin.ts", "../util/bytes.ts"],
    ["src/types/plugin.ts", "zod"],
    ["src/errors.ts", "./util/bytes.ts"],
    ["src/util/bytes.ts", "../core/registry.ts"],
    ["src/core/registry.ts", "../api/problem.ts"],
    ["src/core/registry.ts", "../index.ts"],
    ["src/core/registry.ts", "../types/../api/problem.ts"],
    ["src/core/registry.ts", "hono"],
    ["src/core/auth/deep/deeper.ts", "../../../storage/memory.ts"],
    ["src/core/auth/oauth-client.ts", "arctic"],
    ["src/core/mcp-handler.ts", "@opentelemetry/api"],
    ["src/core/telemetry/call-spans.ts", "@opentelemetry/sdk-trace-base"],
    ["src/core/telemetry/call-spans.ts", "zod"],
    ["src/core/auth/providers/github.ts", "oauth4webapi"],
    ["src/core/registry.ts", "drizzle-orm/sqlite-core"],
    ["src/host/hosted-plugin.ts", "../core/registry.ts"],
    ["src/storage/memory.ts", "../core/registry.ts"],
    ["src/storage/memory.ts", "better-sqlite3"],
    ["src/storage/memory.ts", "drizzle-orm/better-sqlite3"],
    ["src/plugins/index.ts", "../core/registry.ts"],
    ["src/core/registry.ts", "ipaddr.js"],
    ["src/core/outbound/guard.ts", "../registry.ts"],
    ["src/api/problem.ts", "../storage/memory.ts"],
    ["src/app.ts", "../adapters/node/index.ts"],
    ["src/guest.ts", "./core/registry.ts"],
    ["src/guest.ts", "./index.ts"],
    ["src/guest.ts", "zod"],
    ["drizzle/sqlite.ts", "../src/index.ts"],
    ["plugins/time/index.ts", "../../src/index.ts"],
    ["plugins/time/index.ts", "../greeting/index.ts"],
    ["plugins/time/index.ts", "mcp-plugin-server"],
    ["adapters/node/server.ts", "../../src/app.ts"],
    ["adapters/node/server.ts", "../workers/index.ts"],
    ["adapters/node/server.ts", "../../plugins/time/index.ts"],
    ["adapters/node/cli/doctor.ts", "../../workers/index.ts"],
    ["adapters/node/server.ts", "mcp-plugin-server"],
    ["adapters/workers/index.ts", "../../plugins/time/index.ts"],
    ["adapters/workers/worker.ts", "../../src/index.ts"],
    ["elsewhere/index.ts", "./other.ts"],
  ])("would keep %s from importing %s", (file, specifier) => {
    expect(isAllowed(file, specifier)).toBe(false);
  });

  it.each([
    ["src/core/auth/deep/deeper.ts", "../../../types/plugin.ts"],
    ["src/core/auth/authenticator.ts", "../registry.ts"],
    ["src/core/auth/oauth-client.ts", "oauth4webapi"],
    ["src/core/auth/providers/github.ts", "arctic"],
    ["src/core/telemetry/call-spans.ts", "@opentelemetry/api"],
    ["src/core/telemetry/call-target.ts", "../tool-catalog.ts"],
    ["src/core/outbound/address-kind.ts", "ipaddr.js"],
    ["src/core/limits/client-address.ts", "ipaddr.js"],
    ["src/plugins/test-fetch.ts", "../core/outbound/guard.ts"],
    ["src/app.ts", "./api/problem.ts"],
    ["src/guest.ts", "./host/plugin-guest.ts"],
    ["adapters/node/worker-host/worker-main.ts", "../../../src/guest.ts"],
    ["plugins/time/lib/zones.ts", "../index.ts"],
    ["plugins/time/index.ts", "mcp-plugin-server/plugin"],
    ["plugins/time/index.ts", "temporal-polyfill"],
    ["adapters/node/cli/doctor.ts", "../server.ts"],
    ["adapters/node/database.ts", "drizzle-orm/better-sqlite3"],
    ["src/storage/database.ts", "drizzle-orm/sqlite-core"],
    ["adapters/workers/worker.ts", "../../plugins/time/index.ts"],
  ])("let %s import %s", (file, specifier) => {
    expect(isAllowed(file, specifier)).toBe(true);
  });
});

describe("the plugin's side of a thread", () => {
  // It starts anew for each plugin and each reload: docs/decisions/0004-worker-guest-entry.md.
  it("loads no package", () => {
    const seen = new Set<string>();
    const visit = (file: string): string[] => {
      if (seen.has(file)) return [];
      seen.add(file);
      return valueImportsOf(file).flatMap((specifier) =>
        specifier.startsWith(".")
          ? visit(posix.join(posix.dirname(file), specifier))
          : [`${file}: ${specifier}`],
      );
    };
    const packages = visit("adapters/node/worker-host/worker-main.ts");
    expect(packages.filter((found) => !found.includes(": node:"))).toEqual([]);
    expect(seen.size).toBeGreaterThan(10);
  });
});

/** Types leave nothing behind at run time. */
function valueImportsOf(file: string): string[] {
  const text = readFileSync(posix.join(ROOT, file), "utf8");
  const imports = text.matchAll(
    /^(?:import|export) (?!type\b)(?:\{[^}]*\}|\*[^"']*|\w+) from "([^"]+)"/gm,
  );
  return [...imports].map(([, name]) => name!);
}

function importsOf(file: string): string[] {
  const text = readFileSync(posix.join(ROOT, file), "utf8");
  return [...text.matchAll(/(?<!\.)\b(?:from|import)\s*\(?\s*["']([^"'\s]+)["']/g)].map(
    ([, name]) => name!,
  );
}

function isAllowed(file: string, specifier: string): boolean {
  const found = zoneOf(file);
  if (found === null) return false;
  const { folder, rule } = found;
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier);
    return [folder, ...rule.ours].some((path) => isInside(target, path));
  }
  // Its own name leads to what was built, except that plugins know nothing else of the server.
  if (isInside(specifier, "mcp-plugin-server")) {
    return folder.startsWith("plugins/") && specifier === "mcp-plugin-server/plugin";
  }
  return rule.packages.test(specifier);
}

/** The narrowest zone that a file is in. */
function zoneOf(file: string): { folder: string; rule: Zone } | null {
  const name = Object.keys(ZONES)
    .filter((path) => isInside(file, path))
    .reduce((best, path) => (path.length > best.length ? path : best), "");
  const rule = ZONES[name];
  if (rule === undefined) return null;
  return { folder: PER_FOLDER.has(name) ? file.split("/").slice(0, 2).join("/") : name, rule };
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
