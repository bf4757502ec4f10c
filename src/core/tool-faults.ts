import type { CatalogFault } from "../types/host.ts";
import type { CatalogTool, PreparedCatalog } from "./plugin-catalog.ts";

type Schemas = Pick<CatalogTool, "inputDigest" | "outputDigest">;

/**
 * An instance's tools whose schemas turned out not to compile. Each stays out of the catalog until the plugin offers
 * its name with other schemas, so that reading the lists again does not bring a known fault back.
 */
export class ToolFaults {
  readonly #faults = new Map<string, Schemas & { readonly reason: string }>();

  add({ ownName, inputDigest, outputDigest }: CatalogTool, reason: string): void {
    this.#faults.set(ownName, { inputDigest, outputDigest, reason });
  }

  /** The catalog without the faulty tools, which stand among its quarantined instead. */
  apply(catalog: PreparedCatalog): PreparedCatalog {
    const quarantined: CatalogFault[] = [];
    const tools = catalog.tools.filter((tool) => {
      const fault = this.#faults.get(tool.ownName);
      if (fault === undefined || !haveSameSchemas(fault, tool)) return true;
      quarantined.push({ kind: "tool", name: tool.ownName, reason: fault.reason });
      return false;
    });
    if (quarantined.length === 0) return catalog;
    return { ...catalog, tools, quarantined: [...catalog.quarantined, ...quarantined] };
  }
}

function haveSameSchemas(a: Schemas, b: Schemas): boolean {
  return a.inputDigest === b.inputDigest && a.outputDigest === b.outputDigest;
}
