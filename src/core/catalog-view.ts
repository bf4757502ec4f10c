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
  const isReading = tool.definition.annotations?.readOnlyHint === true;
  if (isReading && alsoReads(tool, access)) return true;
  if (!isOf(tool, access)) return false;
  if (access.tools !== null && !access.tools.includes(tool.name)) return false;
  return !access.readOnly || isReading;
}

function narrow(catalog: Catalog, access: ToolAccess): Catalog {
  // Whoever may use certain tools may use these alone. What is no tool is only read.
  const isOpen = (item: Pick<CatalogTool, "run">) =>
    alsoReads(item, access) || (access.tools === null && isOf(item, access));
  const keep = <T extends Pick<CatalogTool, "run">>(items: ReadonlyMap<string, T>) =>
    new Map([...items].filter(([, item]) => isOpen(item)));
  return pageCatalog({
    tools: new Map([...catalog.tools].filter(([, tool]) => mayUseTool(tool, access))),
    prompts: keep(catalog.prompts),
    resources: keep(catalog.resources),
    templates: catalog.templates.filter(isOpen),
    conflicts: catalog.conflicts,
  });
}

function alsoReads(
  { run }: Pick<CatalogTool, "run">,
  { alsoReads: instances = [] }: ToolAccess,
): boolean {
  return instances === null || instances.includes(run.instanceId);
}

function isOf({ run }: Pick<CatalogTool, "run">, { plugins }: ToolAccess): boolean {
  return plugins === null || plugins.includes(run.instanceId);
}
