import type { Principal, ToolAccess } from "../types/principal.ts";
import type { CatalogTool } from "./plugin-catalog.ts";
import { pageCatalog, type Catalog } from "./tool-catalog.ts";

/** Views that were made, as long as both the catalog and what limits it are in use. */
const views = new WeakMap<Catalog, WeakMap<ToolAccess, Catalog>>();

/** What of the catalog a caller may use: to them there is nothing else. Made once for a catalog and a caller's limits. */
export function catalogFor(catalog: Catalog, { access }: Pick<Principal, "access">): Catalog {
  if (access === undefined) return catalog;
  let ofCatalog = views.get(catalog);
  if (ofCatalog === undefined) views.set(catalog, (ofCatalog = new WeakMap()));
  let view = ofCatalog.get(access);
  if (view === undefined) ofCatalog.set(access, (view = narrow(catalog, access)));
  return view;
}

function mayUseTool(tool: CatalogTool, access: ToolAccess): boolean {
  if (!isOf(tool, access)) return false;
  if (access.tools !== null && !access.tools.includes(tool.name)) return false;
  return !access.readOnly || tool.definition.annotations?.readOnlyHint === true;
}

function narrow(catalog: Catalog, access: ToolAccess): Catalog {
  // Whoever may use certain tools may use these alone.
  const rest = access.tools === null;
  const keep = <T extends Pick<CatalogTool, "run">>(items: ReadonlyMap<string, T>) =>
    new Map([...items].filter(([, item]) => rest && isOf(item, access)));
  return pageCatalog({
    tools: new Map([...catalog.tools].filter(([, tool]) => mayUseTool(tool, access))),
    prompts: keep(catalog.prompts),
    resources: keep(catalog.resources),
    templates: catalog.templates.filter((template) => rest && isOf(template, access)),
    conflicts: catalog.conflicts,
  });
}

function isOf({ run }: Pick<CatalogTool, "run">, { plugins }: ToolAccess): boolean {
  return plugins === null || plugins.includes(run.instanceId);
}
