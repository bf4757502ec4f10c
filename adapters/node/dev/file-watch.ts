import { statSync, watch, type BigIntStats, type FSWatcher } from "node:fs";
import { dirname, join, sep } from "node:path";
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
 * watch on the file itself would go with the old one. A folder that is not there is waited for in the nearest one that
 * is, so files may come and go with their folders, as when a branch is changed.
 */
export class FileWatch {
  readonly #deps: FileWatchDeps;
  /** The files of interest by path, as they were last seen. */
  readonly #files = new Map<string, string>();
  /** Folders in which everything is of interest. */
  #folders: ReadonlySet<string> = new Set();
  /** What was last seen of the other files in those. */
  readonly #others = new Map<string, string>();
  readonly #watched = new Map<string, WatchedFolder>();
  readonly #pending = new Set<string>();
  /** Whether a folder on the way to a file has come or gone. */
  #isRearranged = false;
  #timer: NodeJS.Timeout | null = null;
  #warned = false;

  constructor(deps: FileWatchDeps) {
    this.#deps = deps;
  }

  /**
   * Watches a file, which need not be there.
   *
   * @param since when it was last read at the earliest, in milliseconds: what is newer has changed already
   */
  addFile(path: string, since: number = Infinity): void {
    if (this.#files.has(path)) return;
    const stat = statOrNull(path);
    const isNewer = stat !== null && Number(stat.mtimeNs) / 1e6 > since;
    this.#files.set(path, isNewer ? UNKNOWN : signatureOf(path));
    this.#watchNear(dirname(path));
    if (isNewer) this.#expect(path);
  }

  /** Watches none of the files any more but these. */
  keepFiles(paths: ReadonlySet<string>): void {
    for (const path of this.#files.keys()) if (!paths.has(path)) this.#files.delete(path);
    const needed = new Set([...this.#files.keys()].map((path) => dirname(path)));
    for (const [path, { watcher }] of this.#watched) {
      if (needed.has(path) || this.#folders.has(path) || this.#leadsSomewhere(path)) continue;
      watcher.close();
      this.#watched.delete(path);
    }
  }

  /**
   * Watches these folders, and no others, for whatever comes, goes or changes right in them. Answers whether there is one
   * among them that was not watched so far, in which something may have changed before.
   */
  setFolders(paths: ReadonlySet<string>): boolean {
    const isNew = [...paths].some((path) => !this.#folders.has(path));
    this.#folders = paths;
    for (const path of this.#others.keys()) {
      if (!paths.has(dirname(path))) this.#others.delete(path);
    }
    for (const path of paths) this.#watchNear(path);
    return isNew;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  /** Watches a folder, or while it is not there the nearest one above it that is. */
  #watchNear(path: string): void {
    if (!this.#watchFolder(path) && dirname(path) !== path) this.#watchNear(dirname(path));
  }

  /** Answers whether the folder is there. */
  #watchFolder(path: string): boolean {
    const known = this.#watched.get(path);
    const identity = identityOf(path);
    if (identity !== null && known?.identity === identity) return true;
    // A folder that was made anew under its old name is another one.
    known?.watcher.close();
    this.#watched.delete(path);
    if (identity === null) return false;
    try {
      if (this.#watched.size >= MAX_FOLDERS) throw new Error(`More than ${MAX_FOLDERS} folders`);
      const watcher = watch(path, { persistent: false }, (_, name) => this.#note(path, name));
      watcher.on("error", () => this.#watched.delete(path));
      this.#watched.set(path, { watcher, identity });
    } catch (error) {
      if (!this.#warned) {
        const reason = messageOf(error);
        this.#deps.logger.warn("Not every file is watched for changes", { reason });
      }
      this.#warned = true;
    }
    return true;
  }

  /** @param name `null` where the system does not say which file it was */
  #note(folder: string, name: string | null): void {
    const path = name === null ? null : join(folder, name);
    if (identityOf(folder) !== this.#watched.get(folder)?.identity) this.#isRearranged = true;
    if (path === null) {
      for (const file of this.#files.keys()) if (dirname(file) === folder) this.#pending.add(file);
    } else {
      if (this.#files.has(path) || this.#folders.has(folder)) this.#pending.add(path);
      if (this.#leadsSomewhere(path)) this.#isRearranged = true;
    }
    this.#expect();
  }

  /** Whether something of interest lies below. */
  #leadsSomewhere(path: string): boolean {
    const below = path + sep;
    return (
      this.#folders.has(path) ||
      [...this.#folders].some((folder) => folder.startsWith(below)) ||
      [...this.#files.keys()].some((file) => file.startsWith(below))
    );
  }

  #expect(path?: string): void {
    if (path !== undefined) this.#pending.add(path);
    if (this.#pending.size === 0 && !this.#isRearranged) return;
    this.#timer ??= setTimeout(() => this.#tell(true), DEBOUNCE_MS);
  }

  #tell(mayWait: boolean): void {
    this.#timer = null;
    if (this.#isRearranged) this.#rearrange();
    const changed = new Map<string, string>();
    for (const path of this.#pending) {
      const signature = signatureOf(path);
      const known = this.#files.get(path) ?? this.#others.get(path);
      if (signature !== known) changed.set(path, signature);
    }
    if (mayWait && [...changed.values()].includes(GONE)) {
      this.#timer = setTimeout(() => this.#tell(false), GONE_MS);
      return;
    }
    this.#pending.clear();
    for (const [path, signature] of changed) {
      (this.#files.has(path) ? this.#files : this.#others).set(path, signature);
    }
    if (changed.size > 0) this.#deps.onChange(new Set(changed.keys()));
  }

  /** Looks again where everything lies, and at every file: what changed between two watches told nobody. */
  #rearrange(): void {
    this.#isRearranged = false;
    for (const path of this.#folders) {
      this.#watchNear(path);
      this.#pending.add(path);
    }
    for (const path of this.#files.keys()) {
      this.#watchNear(dirname(path));
      this.#pending.add(path);
    }
  }
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

const GONE = "gone";
/** Of a file that has changed before anybody looked. */
const UNKNOWN = "unknown";

/** Another text for another folder of that name: systems give out a number again, so it alone would not do. */
function identityOf(path: string): string | null {
  const stat = statOrNull(path);
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}:${stat.birthtimeNs}` : null;
}

/** Another text for another file, or for the same one written again. */
function signatureOf(path: string): string {
  const stat = statOrNull(path);
  if (stat === null) return GONE;
  // What happens in a folder is told of by itself.
  return stat.isDirectory() ? identityOf(path)! : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** What cannot be looked at (a link in a circle, a folder that is closed to us) is as good as not there. */
function statOrNull(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
