import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { modern } from "../helpers/mcp.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const CONFIG = join(ROOT, "wrangler.toml");
const OPTIONS = ["--config", CONFIG, "--dry-run", "--metafile"];
const WORKER = join(ROOT, "adapters/workers/worker.ts");
/** A third of what a Worker may weigh: what goes beyond came in by accident. */
const MAX_GZIP_BYTES = 1024 * 1024;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the Worker's bundle", () => {
  it("uses no module of Node and stays small", async () => {
    const bundle = await build(WORKER, "worker");
    expect(bundle.code).toContain("createWorker");
    expect(findNodeUse(bundle)).toEqual([]);
    const [bytes, gzip] = [bundle.code.length, gzipSync(bundle.code).length];
    process.stdout.write(`Worker bundle: ${kib(bytes)}, ${kib(gzip)} gzipped\n`);
    expect(gzip).toBeLessThan(MAX_GZIP_BYTES);
  });

  // The tests in test/workers run the sources, in a workerd that lends vitest the modules of Node.
  it("serves a tool call in workerd as wrangler.toml has it", async () => {
    const key = "mcpk_bundle_test_client_key_01234567890";
    const server = createTestHarness({
      workers: [
        {
          configPath: CONFIG,
          // As secrets they win over a developer's .dev.vars.
          secrets: {
            PUBLIC_URL: "http://127.0.0.1",
            MCP_CLIENT_KEY: key,
            MCP_ADMIN_TOKEN: "mcpa_bundle_test_admin_token_0123456789",
            MCP_MASTER_KEY: "0123456789abcdef".repeat(4),
          },
        },
      ],
    });
    const { url } = await server.listen();
    try {
      const worker = {
        request: (path: string, init: RequestInit = {}) => {
          const headers = new Headers(init.headers);
          headers.set("authorization", `Bearer ${key}`);
          return fetch(new URL(path, url), { ...init, headers });
        },
      };
      const call = { name: "greeting_greet", arguments: { name: "Ada" } };
      const { status, body } = await modern(worker, "tools/call", call);
      expect(status).toBe(200);
      expect(body.result.content).toEqual([{ type: "text", text: "Hello, Ada!" }]);
    } finally {
      await server.close();
    }
  });

  it.each([
    {
      name: "an import",
      plant: `import { readFileSync } from "node:fs";\nconsole.log(readFileSync);`,
      found: ['"node:fs"', "external node:fs"],
    },
    {
      name: "an import at run time",
      plant: `console.log(await import("node:fs"));`,
      found: ['"node:fs"', "external node:fs"],
    },
    {
      name: "a require",
      plant: `console.log(require("node:fs"));`,
      found: ['"node:fs"', "external node:fs"],
    },
    {
      name: "a require of a name that is known at run time alone",
      plant: `console.log(require(globalThis.name));`,
      found: ["require()"],
    },
  ])("would be caught with $name of a module of Node", async ({ name, plant, found }) => {
    const entry = join(folder, `${name.replaceAll(" ", "-")}.ts`);
    writeFileSync(entry, `${plant}\nexport default { fetch: () => new Response() };\n`);
    expect(findNodeUse(await build(entry, name))).toEqual(found);
  });
});

interface Bundle {
  readonly code: string;
  /** Modules that the bundle leaves to the runtime. */
  readonly externals: readonly string[];
}

/** Bundles as `wrangler deploy` does, without sending anything anywhere. */
async function build(entry: string, name: string): Promise<Bundle> {
  const outdir = join(folder, `out ${name}`);
  // The script itself: a runner in between would leave its children behind when it is ended.
  await promisify(execFile)(process.execPath, [
    WRANGLER,
    "deploy",
    entry,
    ...OPTIONS,
    "--outdir",
    outdir,
  ]);
  const { outputs } = JSON.parse(readFileSync(join(outdir, "bundle-meta.json"), "utf8")) as {
    outputs: Record<string, { imports: { path: string; external?: boolean }[] }>;
  };
  const file = Object.keys(outputs).find((path) => path.endsWith(".js"))!;
  return {
    code: readFileSync(join(outdir, file.slice(file.lastIndexOf("/") + 1)), "utf8"),
    externals: outputs[file]!.imports.filter((one) => one.external).map(({ path }) => path),
  };
}

/** Names of modules of Node, and calls of `require`, which esbuild renames and whose helper it calls alike. */
const NODE_USE = /["'`]node:[^"'`\s]*["'`]|(?<!function )\b_*require\d*\s*\(/g;

function findNodeUse({ code, externals }: Bundle): string[] {
  const uses = (code.match(NODE_USE) ?? []).map((use) => use.replace(/^_*require.*/, "require()"));
  return [...uses, ...externals.map((path) => `external ${path}`)];
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
