import type { HostedPlugin } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import { prepareCatalog, type PreparedCatalog, type PrepareDeps } from "./plugin-catalog.ts";
import type { CallRun } from "./plugin-run.ts";
import { runStep } from "./plugin-steps.ts";
import { ToolFaults } from "./tool-faults.ts";

/** A plugin that makes up new faults for ever fills neither the log nor the memory. */
const MAX_LOGGED_FAULTS = 1_000;

export type CatalogReaderDeps = PrepareDeps &
  Parameters<typeof runStep>[2] & { readonly toolPrefix: string; readonly logger: Logger };

/** Reads what an instance offers, and remembers which of it turned out to be faulty. */
export class CatalogReader {
  readonly #deps: CatalogReaderDeps;
  readonly #faults = new ToolFaults();
  readonly #logged = new Set<string>();

  constructor(deps: CatalogReaderDeps) {
    this.#deps = deps;
  }

  /** @param run what the calls of the offer go to */
  async read(plugin: HostedPlugin, run: CallRun): Promise<PreparedCatalog> {
    const read = async () => {
      const offer = await plugin.catalog();
      const prepared = await prepareCatalog(run, this.#deps.toolPrefix, offer, this.#deps);
      return this.#faults.apply(prepared);
    };
    const catalog = await runStep("catalog", read, this.#deps);
    this.#tell(catalog);
    return catalog;
  }

  /** The catalog without a tool whose schema turned out not to compile; `null` when it has no such tool. */
  quarantine(catalog: PreparedCatalog, name: string, reason: string): PreparedCatalog | null {
    const tool = catalog.tools.find(({ ownName }) => ownName === name);
    if (tool === undefined) return null;
    this.#faults.add(tool, reason);
    const rest = this.#faults.apply(catalog);
    this.#tell(rest);
    return rest;
  }

  /** Each fault once, however often the lists are read. */
  #tell({ quarantined }: PreparedCatalog): void {
    for (const { kind, name, reason } of quarantined) {
      const key = JSON.stringify([kind, name, reason]);
      if (this.#logged.has(key) || this.#logged.size >= MAX_LOGGED_FAULTS) continue;
      this.#logged.add(key);
      this.#deps.logger.warn(`Quarantined a ${kind}: ${reason}`, { name });
    }
  }
}
