import type { ToolSetting } from "../types/instances.ts";
import type { CatalogTool, PreparedCatalog } from "./plugin-catalog.ts";

/** What was set of one instance's tools, and the catalogs that came of it. */
interface Overrides {
  readonly text: string;
  readonly byTool: ReadonlyMap<string, ToolSetting>;
  /** By the catalog as the plugin offers it. */
  readonly made: WeakMap<PreparedCatalog, PreparedCatalog>;
}

/** Lays what was set of tools over what plugins offer: once for each offer and each change, never for a request. */
export class ToolOverrides {
  #ofInstance: ReadonlyMap<string, Overrides> = new Map();

  /** Takes over what is set now. An instance of which nothing has changed keeps the catalog that it has. */
  replace(settings: readonly ToolSetting[]): void {
    const before = this.#ofInstance;
    this.#ofInstance = new Map(
      [...Map.groupBy(settings, ({ instanceId }) => instanceId)].map(([id, own]) => {
        const text = JSON.stringify(own.map((setting) => ({ ...setting, rev: null })));
        const known = before.get(id);
        if (known?.text === text) return [id, known];
        const byTool = new Map(own.map((setting) => [setting.tool, setting]));
        return [id, { text, byTool, made: new WeakMap() }];
      }),
    );
  }

  apply(offer: PreparedCatalog): PreparedCatalog {
    const overrides = this.#ofInstance.get(offer.instanceId);
    if (overrides === undefined) return offer;
    let catalog = overrides.made.get(offer);
    if (catalog === undefined) {
      const tools = offer.tools.flatMap((tool) => {
        const setting = overrides.byTool.get(tool.ownName);
        if (setting === undefined) return tool;
        return setting.enabled ? override(tool, setting) : [];
      });
      overrides.made.set(offer, (catalog = { ...offer, tools }));
    }
    return catalog;
  }
}

function override(tool: CatalogTool, { name, description }: ToolSetting): CatalogTool {
  const shown = name ?? tool.name;
  return {
    ...tool,
    name: shown,
    definition: {
      ...tool.definition,
      name: shown,
      ...(description !== null && { description }),
    },
  };
}
