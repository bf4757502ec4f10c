import { statSync, watch, type BigIntStats, type FSWatcher } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf, type Logger } from "../../../src/index.ts";

/** Editors save in several steps. What happens within this time of the first step is one change, in milliseconds. */
const DEBOUNCE_MS = 30;
/** How long a file that is gone may take to come back, as when it is replaced by another, in milliseconds. */
const GONE_MS = 100;
/** Folders to watch. A system has limits, and a plugin with more code than this is reloaded by hand. */
const MAX_FOLDERS = 1_000;

export interface FileWatchDeps {
  /** Gets the paths of the files that are other files now: written, replaced, come or gone. */
  readonly onChange: (paths: ReadonlySet<string>) => void;
  readonly logger: Logger;
}

/**
 * Watches files, through their folders: an editor that saves by renaming puts another file in the old one's place, and a
 * watch on the file itself would go with the old one.
 */
export class FileWatch {
  readonly #deps: FileWatchDeps;
  readonly #folders = new Map<string, WatchedFolder>();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #warned = false;

  constructor(deps: FileWatchDeps) {
    this.#deps = deps;
  }

  /** Watches a file, which need not be there; its folder must. */
  addFile(path: string): void {
    const folder = this.#folder(dirname(path));
    const name = basename(path);
    if (folder !== null && !folder.files.has(name)) folder.files.set(name, signatureOf(path));
  }

  /**
   * Watches these folders, and no others, for whatever comes, goes or changes right in them. Answers whether there is one
   * among them that was not watched so far, in which something may have changed before.
   */
  setFolders(paths: ReadonlySet<string>): boolean {
    for (const [path, folder] of this.#folders) if (!paths.has(path)) folder.whole = false;
    let isNew = false;
    for (const path of paths) {
      const folder = this.#folder(path);
      if (folder === null) continue;
      isNew ||= !folder.whole;
      folder.whole = true;
    }
    return isNew;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #folder(path: string): WatchedFolder | null {
    const known = this.#folders.get(path);
    const identity = identityOf(path);
    if (known !== undefined && known.identity === identity) return known;
    // A folder that was made anew under its old name is another one.
    known?.watcher.close();
    this.#folders.delete(path);
    if (identity === null) return null;
    if (this.#folders.size >= MAX_FOLDERS) return this.#warn(`more than ${MAX_FOLDERS} folders`);
    try {
      const watcher = watch(path, { persistent: false }, (_, name) => this.#note(path, name));
      watcher.on("error", () => this.#folders.delete(path));
      const files = known?.files ?? new Map<string, string>();
      const folder = { watcher, identity, files, whole: known?.whole ?? false };
      this.#folders.set(path, folder);
      // What has changed between the two watches told nobody.
      if (files.size > 0) this.#note(path, null);
      return folder;
    } catch (error) {
      return this.#warn(messageOf(error));
    }
  }

  #warn(reason: string): null {
    if (!this.#warned) this.#deps.logger.warn("Not every file is watched for changes", { reason });
    this.#warned = true;
    return null;
  }

  /** @param name `null` where the system does not say which file it was */
  #note(path: string, name: string | null): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    const names = name === null ? folder.files.keys() : [name];
    for (const each of names) {
      if (folder.whole || folder.files.has(each)) this.#pending.add(join(path, each));
    }
    if (this.#pending.size > 0) this.#timer ??= setTimeout(() => this.#tell(true), DEBOUNCE_MS);
  }

  #tell(mayWait: boolean): void {
    this.#timer = null;
    const changed = new Map<string, string>();
    for (const path of this.#pending) {
      const signature = signatureOf(path);
      const known = this.#folders.get(dirname(path))?.files.get(basename(path));
      if (signature !== known) changed.set(path, signature);
    }
    if (mayWait && [...changed.values()].includes(GONE)) {
      this.#timer = setTimeout(() => this.#tell(false), GONE_MS);
      return;
    }
    this.#pending.clear();
    for (const [path, signature] of changed) {
      this.#folders.get(dirname(path))?.files.set(basename(path), signature);
    }
    if (changed.size > 0) this.#deps.onChange(new Set(changed.keys()));
  }
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly identity: string;
  /** The files of interest by name, as they were last seen. */
  readonly files: Map<string, string>;
  /** Whether every file in it is of interest. */
  whole: boolean;
}

const GONE = "gone";

/** Another text for another folder of that name: systems give out a number again, so it alone would not do. */
function identityOf(path: string): string | null {
  const stat = statOrNull(path);
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}:${stat.birthtimeNs}` : null;
}

/** Another text for another file, or for the same one written again. */
function signatureOf(path: string): string {
  const stat = statOrNull(path);
  return stat === null ? GONE : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** What cannot be looked at (a link in a circle, a folder that is closed to us) is as good as not there. */
function statOrNull(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
