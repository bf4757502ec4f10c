import { readdirSync, type Dirent } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, type App, type Logger } from "../../../src/index.ts";
import { readPluginsFile } from "../plugins-file.ts";
import type { Settings } from "../settings.ts";
import { FileWatch } from "./file-watch.ts";

/** How deep below a plugin's folder its entry is waited for. */
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
  /** By instance, the files that its code consists of. */
  readonly #files = new Map<string, Set<string>>();
  /** The same of lives that are on their way up. */
  readonly #coming = new Map<string, Set<string>>();
  /** When each instance's latest load may have begun, in milliseconds since the epoch. */
  readonly #loadedSince = new Map<string, number>();
  readonly #begun = Date.now();
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
    const path = pathOf(url);
    if (path === null) return;
    this.#files.set(instanceId, (this.#files.get(instanceId) ?? new Set()).add(path));
    this.#coming.get(instanceId)?.add(path);
    // It may have been saved while the code around it ran.
    this.#watch.addFile(path, this.#loadedSince.get(instanceId) ?? this.#begun);
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

  async #apply(paths: ReadonlySet<string>): Promise<void> {
    const app = this.#app;
    if (app === null) {
      for (const path of paths) this.#early.add(path);
      return;
    }
    this.#deps.logger.debug("Files have changed", { paths: [...paths] });
    if ([...paths].some((path) => this.#decidesWhatRuns(path))) await this.#update(app);
    const users = [...this.#files].filter(([, files]) => [...paths].some((it) => files.has(it)));
    await Promise.all(users.map(([id]) => this.#reload(app, id)));
    // What came into a new folder before it was watched was not noticed.
    if (this.#watchFolders()) await this.#update(app);
  }

  async #reload(app: App, id: string): Promise<void> {
    const coming = new Set<string>();
    this.#coming.set(id, coming);
    this.#loadedSince.set(id, Date.now());
    await app.manager.reload(id);
    if (this.#coming.get(id) !== coming) return;
    this.#coming.delete(id);
    const status = app.manager.statuses().find((each) => each.id === id);
    // Of the old life's files, those that the new one no longer has do not matter any more.
    if (status?.state === "running" && status.reloadError === null && coming.size > 0) {
      this.#files.set(id, coming);
    }
    if (status === undefined) this.#files.delete(id);
    this.#watch.keepFiles(
      new Set([...this.#deciding(), ...[...this.#files.values()].flatMap(toList)]),
    );
  }

  /** The files that decide which instances there are. */
  #deciding(): string[] {
    const { configFile, pluginsDir } = this.#deps.settings;
    const folders = entriesOf(pluginsDir).map(({ name }) => join(pluginsDir, name));
    return [configFile, ...folders.map((folder) => join(folder, "package.json"))];
  }

  /** Watches what decides which instances there are. Answers whether there is a new folder to watch. */
  #watchFolders(): boolean {
    for (const file of this.#deciding()) this.#watch.addFile(file);
    const awaited = this.#awaited().flatMap((folder) => foldersBelow(folder));
    return this.#watch.setFolders(new Set([this.#deps.settings.pluginsDir, ...awaited]));
  }

  /** The folders of plugins that lack what makes them one. */
  #awaited(): string[] {
    const { pluginsDir } = this.#deps.settings;
    return (this.#app?.manager.registry.instances ?? [])
      .filter((instance) => instance.package === null && instance.settings.package.startsWith("./"))
      .map(({ settings }) => join(pluginsDir, settings.package));
  }

  #decidesWhatRuns(path: string): boolean {
    const { pluginsDir } = this.#deps.settings;
    return (
      path === pluginsDir ||
      dirname(path) === pluginsDir ||
      this.#deciding().includes(path) ||
      this.#awaited().some((folder) => path === folder || path.startsWith(folder + sep))
    );
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

/** A plugin can tell of any URL; not every one is a path. */
function pathOf(url: string): string | null {
  try {
    return fileURLToPath(url);
  } catch {
    return null;
  }
}

function toList(paths: ReadonlySet<string>): string[] {
  return [...paths];
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
