import { describe, expect, it } from "vitest";
import { catalogFor } from "../../src/core/catalog-view.ts";
import { pageCatalog } from "../../src/core/tool-catalog.ts";
import type { ToolAccess } from "../../src/types/principal.ts";

const everything = () =>
  pageCatalog({
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
    templates: [],
    conflicts: new Map(),
  });
const READING: ToolAccess = { plugins: null, tools: null, readOnly: true };

/** What a caller may see is worked out when it may see something else, not for every request. */
describe("a caller's view of the catalog", () => {
  it("is the catalog itself where nothing is kept from the caller", () => {
    const catalog = everything();
    expect(catalogFor(catalog, {})).toBe(catalog);
  });

  it("is made once for a catalog and what limits the caller", () => {
    const catalog = everything();
    const view = catalogFor(catalog, { access: READING });
    expect(view).not.toBe(catalog);
    expect(catalogFor(catalog, { access: READING })).toBe(view);
    expect(catalogFor(catalog, { access: { ...READING } })).not.toBe(view);
    expect(catalogFor(everything(), { access: READING })).not.toBe(view);
  });
});
