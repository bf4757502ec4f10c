import { messageOf } from "../errors.ts";
import type { HostedPlugin } from "../types/host.ts";
import type { Time } from "../types/runtime.ts";
import { CatalogReader, type CatalogReaderDeps } from "./catalog-reader.ts";
import { ChangeNotices } from "./change-notices.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import type { CallRun } from "./plugin-run.ts";

/** What is read, and what the calls of it go to. */
export interface CatalogSource {
  readonly plugin: HostedPlugin;
  readonly run: CallRun;
}

export type LiveCatalogDeps = CatalogReaderDeps & {
  readonly time: Time;
  /** What a notice of change is about; `null` when there are no lists that could change. */
  readonly source: () => CatalogSource | null;
  /** It is another one now. */
  readonly onCatalogChanged: () => void;
};

/** What an instance offers right now, read again whenever its plugin says that it has changed. */
export class LiveCatalog {
  readonly #deps: LiveCatalogDeps;
  readonly #reader: CatalogReader;
  readonly #notices: ChangeNotices;
  /** A notice came since the lists were last opened. */
  #noticed = false;
  /** `null` as long as the instance offers nothing. */
  current: PreparedCatalog | null = null;

  constructor(deps: LiveCatalogDeps) {
    this.#deps = deps;
    this.#reader = new CatalogReader(deps);
    this.#notices = new ChangeNotices(() => this.#refresh(), deps.time);
  }

  /** Reads the lists, and puts them nowhere: the instance may not be running yet. */
  read({ plugin, run }: CatalogSource): Promise<PreparedCatalog> {
    this.#noticed = false;
    return this.#reader.read(plugin, run);
  }

  /** The plugin says that its lists have changed. */
  notice(): void {
    this.#noticed = true;
    this.#notices.notice();
  }

  /** Reads again what changed while it was read before the instance ran. */
  catchUp(): void {
    if (this.#noticed) this.#notices.notice();
  }

  /** Takes a tool out whose schema turned out not to compile. Answers whether it is another catalog now. */
  quarantine(name: string, reason: string): boolean {
    const rest = this.current && this.#reader.quarantine(this.current, name, reason);
    if (rest === null) return false;
    this.current = rest;
    return true;
  }

  /** Takes over what the plugin offers now. Lists that cannot be read leave the old ones in force. */
  async #refresh(): Promise<void> {
    const source = this.#deps.source();
    if (source === null) return;
    try {
      const catalog = await this.#reader.read(source.plugin, source.run);
      if (this.#deps.source()?.run !== source.run) return;
      this.current = catalog;
      this.#deps.onCatalogChanged();
    } catch (error) {
      this.#deps.logger.error("Could not read the changed lists of a plugin", {
        error: messageOf(error),
      });
    }
  }
}
