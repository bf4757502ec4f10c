import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  messageOf,
  parseManifest,
  type PluginDiscovery,
  type PluginPackage,
} from "../../src/index.ts";
import type { Settings } from "./settings.ts";

const BUNDLED_PLUGINS = fileURLToPath(new URL("../../plugins", import.meta.url));

const FOLDER_REF = /^\.\/[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const NPM_REF = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
/** Where the plugin is when no manifest says so. */
const SCRIPTS = ["index.js", "index.mjs", "index.cjs"];

export interface PluginFolders {
  /** Where the user puts plugins; need not exist. */
  readonly pluginsDir: string;
  /** The server's own plugins, used for a name that the user's folder does not have. */
  readonly bundledDir: string;
  /** From where npm packages are looked up, upwards: the folder of the file that names them. */
  readonly packagesFrom: string;
}

/** Finds the plugin packages that the settings lead to, and the server's own. */
export function discoveryOf({
  pluginsDir,
  configFile,
}: Pick<Settings, "pluginsDir" | "configFile">): PluginDiscovery {
  return createDiscovery({
    pluginsDir,
    bundledDir: BUNDLED_PLUGINS,
    packagesFrom: dirname(configFile),
  });
}

/** Finds plugin packages on disk, without running any of their code. */
export function createDiscovery(folders: PluginFolders): PluginDiscovery {
  return {
    async discover(refs) {
      const packages: PluginPackage[] = [];
      const errors: { ref: string; reason: string }[] = [];
      const all = new Set([
        ...folderRefs(folders.bundledDir),
        ...folderRefs(folders.pluginsDir),
        ...refs,
      ]);
      for (const ref of all) {
        try {
          const found = findPackage(ref, folders);
          if (found !== null) packages.push(found);
        } catch (error) {
          errors.push({ ref, reason: messageOf(error) });
        }
      }
      return { packages, errors };
    },
  };
}

function folderRefs(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => `./${entry.name}`)
    .filter((ref) => FOLDER_REF.test(ref) && ref !== "./node_modules");
}

function findPackage(ref: string, folders: PluginFolders): PluginPackage | null {
  if (FOLDER_REF.test(ref)) {
    const folder = [folders.pluginsDir, folders.bundledDir]
      .map((root) => join(root, ref))
      .find((path) => existsSync(path) && statSync(path).isDirectory());
    return folder === undefined ? null : readPackage(ref, folder, ["index.ts", ...SCRIPTS]);
  }
  if (!NPM_REF.test(ref)) {
    throw new Error(
      `"${ref}" is neither a folder in the plugins folder (./name) nor the name of an npm package.`,
    );
  }
  for (let at = resolve(folders.packagesFrom); ; at = dirname(at)) {
    const folder = join(at, "node_modules", ref);
    // Node strips no types in there.
    if (existsSync(folder)) return readPackage(ref, folder, SCRIPTS);
    if (dirname(at) === at) return null;
  }
}

function readPackage(ref: string, folder: string, entries: readonly string[]): PluginPackage {
  const manifest = parseManifest(readPackageJson(folder));
  if (!manifest.ok) throw new Error(manifest.reason);
  const candidates = manifest.value ? [manifest.value.entry] : entries;
  const entry = candidates.map((name) => join(folder, name)).find(isFile);
  if (entry === undefined) throw new Error(`It has no ${candidates.join(" or ")}.`);
  if (!realpathSync(entry).startsWith(realpathSync(folder) + sep)) {
    throw new Error("Its entry lies outside of its folder.");
  }
  return { ref, entry: pathToFileURL(realpathSync(entry)).href, manifest: manifest.value };
}

function readPackageJson(folder: string): unknown {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`Its package.json cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
