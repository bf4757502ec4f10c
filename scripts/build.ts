import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run build`: makes `dist`, which is what the package ships. The clone itself never needs it.
 *
 * `dist` is made anew each time, so that nothing stale ships; the compiler's notes go with it, or it would believe that
 * everything is there.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const inRoot = (...path: string[]) => join(root, ...path);

/** Every zone that ships; tests and scripts do not. */
const ZONES = ["src", "plugins", "adapters/node", "adapters/workers"];

rmSync(inRoot("dist"), { recursive: true, force: true });
rmSync(inRoot(".cache/tsc"), { recursive: true, force: true });

const compiler = inRoot("node_modules/typescript/bin/tsc");
const compiled = spawnSync(process.execPath, [compiler, "-b", ...ZONES], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// Read at run time, so the compiler knows nothing of them.
cpSync(inRoot("drizzle/migrations/sqlite"), inRoot("dist/drizzle/migrations/sqlite"), {
  recursive: true,
});
cpSync(inRoot("plugins"), inRoot("dist/plugins"), { recursive: true, filter: isPluginFile });
for (const plugin of readdirSync(inRoot("dist/plugins"))) {
  adaptManifest(inRoot("dist/plugins", plugin, "package.json"));
}
chmodSync(inRoot("dist/adapters/node/main.js"), 0o755);

/** What a plugin needs beside its TypeScript: its manifest, JavaScript, data. */
function isPluginFile(path: string): boolean {
  if (basename(path) === "node_modules" || path === inRoot("plugins", "tsconfig.json"))
    return false;
  return extname(path) !== ".ts";
}

/** A manifest names its TypeScript entry, of which `dist` has the JavaScript. */
function adaptManifest(path: string): void {
  if (!existsSync(path)) return;
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { mcpPlugin?: { entry?: string } };
  const { mcpPlugin } = manifest;
  if (mcpPlugin?.entry) mcpPlugin.entry = mcpPlugin.entry.replace(/\.ts$/, ".js");
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
