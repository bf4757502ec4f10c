import { readdirSync, type Dirent } from "node:fs";
import { basename, dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, type App, type Logger } from "../../../src/index.ts";
import { readPluginsFile } from "../plugins-file.ts";
import type { Settings } from "../settings.ts";
import { FileWatch } from "./file-watch.ts";

const CODE = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", ".wasm"]);
/** How deep below a plugin's folder a missing file is waited for. */
const MAX_DEPTH = 4;

export interface HotReloadDeps {
  readonly settings: Pick<Settings, "configFile" | "configNamed" | "pluginsDir">;
  readonly logger: Logger;
}

/**
 * Keeps a running app equal to what is on disk: a changed file reloads the instances whose code it is part of; the
 * plugins file, the plugins folder and manifests decide anew what runs.
 */
export class HotReload {
  readonly #deps: HotReloadDeps;
  readonly #watch: FileWatch;
  /** By path, the instances that have loaded it. */
  readonly #users = new Map<string, Set<string>>();
  #app: App | null = null;
  /** What has changed before there was an app to reload. */
  readonly #early = new Set<string>();
  #updating: Promise<void> = Promise.resolve();

  constructor(deps: HotReloadDeps) {
    this.#deps = deps;
    this.#watch = new FileWatch({
      logger: deps.logger,
      onChange: (paths) => void this.#apply(paths),
    });
  }

  /** Takes note that a file is part of an instance's code, also of code that did not load in the end. */
  readonly onModule = (instanceId: string, url: string): void => {
    const path = fileURLToPath(url);
    const users = this.#users.get(path);
    if (users !== undefined) users.add(instanceId);
    else this.#users.set(path, new Set([instanceId]));
    this.#watch.addFile(path);
  };

  /** Begins to act on changes. */
  start(app: App): void {
    this.#app = app;
    this.#watchFolders();
    void this.#apply(this.#early);
  }

  close(): void {
    this.#app = null;
    this.#watch.close();
  }

  /**
   * Watches what decides which instances there are, and where a file may be missing: a plugin that does not load is tried
   * again with any code that comes or changes near it. Answers whether there is anything new to watch.
   */
  #watchFolders(): boolean {
    const { configFile, pluginsDir } = this.#deps.settings;
    this.#watch.addFile(configFile);
    for (const { name } of entriesOf(pluginsDir)) {
      this.#watch.addFile(join(pluginsDir, name, "package.json"));
    }
    const troubled = this.#troubled().flatMap(({ folder }) => foldersBelow(folder));
    return this.#watch.setFolders(new Set([pluginsDir, ...troubled]));
  }

  #troubled(): { id: string; folder: string }[] {
    const { pluginsDir } = this.#deps.settings;
    const registered = new Map(
      this.#app?.manager.registry.instances.map((each) => [each.settings.id, each]),
    );
    return (this.#app?.manager.statuses() ?? [])
      .filter(({ state, reloadError }) => state === "failed" || reloadError !== null)
      .flatMap(({ id }) => {
        const instance = registered.get(id);
        if (instance === undefined) return [];
        const { package: code, settings } = instance;
        const folder =
          code === null ? join(pluginsDir, settings.package) : dirname(fileURLToPath(code.entry));
        return [{ id, folder }];
      });
  }

  async #apply(paths: ReadonlySet<string>): Promise<void> {
    const app = this.#app;
    if (app === null) {
      for (const path of paths) this.#early.add(path);
      return;
    }
    const { logger } = this.#deps;
    logger.debug("Files have changed", { paths: [...paths] });
    if ([...paths].some((path) => this.#decidesWhatRuns(path))) await this.#update(app);
    const ids = new Set([...paths].flatMap((path) => [...(this.#users.get(path) ?? [])]));
    const code = [...paths].filter((path) => CODE.has(extname(path)));
    for (const { id, folder } of this.#troubled()) {
      if (code.some((path) => path.startsWith(folder + sep))) ids.add(id);
    }
    await Promise.all([...ids].map((id) => app.manager.reload(id)));
    // What came into a new folder before it was watched was not noticed.
    if (this.#watchFolders()) await this.#update(app);
  }

  #decidesWhatRuns(path: string): boolean {
    const { configFile, pluginsDir } = this.#deps.settings;
    if (path === configFile || dirname(path) === pluginsDir) return true;
    const isIn = dirname(dirname(path)) === pluginsDir;
    // Of a folder that has just come, anything may be what makes it a plugin.
    return isIn && (basename(path) === "package.json" || !this.#users.has(path));
  }

  /** One after the other: each reads what is there when its turn comes. */
  #update(app: App): Promise<void> {
    const { settings, logger } = this.#deps;
    this.#updating = this.#updating.then(async () => {
      try {
        await app.update(readPluginsFile(settings));
      } catch (error) {
        logger.error(`The plugins file was not taken over: ${messageOf(error)}`);
      }
    });
    return this.#updating;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && isOwn(entry.name),
    );
  } catch {
    return [];
  }
}

function foldersBelow(folder: string, depth = 0): string[] {
  if (depth > MAX_DEPTH) return [];
  const below = entriesOf(folder).flatMap(({ name }) =>
    foldersBelow(join(folder, name), depth + 1),
  );
  return [folder, ...below];
}

function isOwn(name: string): boolean {
  return name !== "node_modules" && !name.startsWith(".");
}
