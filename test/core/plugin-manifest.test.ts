import { describe, expect, it } from "vitest";
import { parseManifest } from "../../src/core/plugin-manifest.ts";

const MINIMAL = { apiVersion: 1, entry: "./index.ts" };

describe("parseManifest", () => {
  it.each([[{}], [{ name: "x" }], [null], ["text"], [[]]])(
    "finds no manifest in the package.json %j",
    (packageJson) => {
      expect(parseManifest(packageJson)).toEqual({ ok: true, value: null });
    },
  );

  it("needs apiVersion and entry alone", () => {
    expect(parseManifest({ mcpPlugin: MINIMAL })).toEqual({ ok: true, value: MINIMAL });
  });

  it("keeps permissions, settings schema and auth as they stand there", () => {
    const mcpPlugin = {
      ...MINIMAL,
      permissions: { network: ["api.example.org"] },
      config: { type: "object" },
      auth: { type: "api-key" },
    };
    expect(parseManifest({ mcpPlugin })).toEqual({ ok: true, value: mcpPlugin });
  });

  it.each([
    { mcpPlugin: null, names: "mcpPlugin: " },
    { mcpPlugin: { entry: "./index.ts" }, names: "mcpPlugin/apiVersion: " },
    { mcpPlugin: { ...MINIMAL, apiVersion: 2 }, names: "mcpPlugin/apiVersion: " },
    { mcpPlugin: { apiVersion: 1 }, names: "mcpPlugin/entry: " },
    {
      mcpPlugin: { ...MINIMAL, entry: "index.ts" },
      names: "mcpPlugin/entry: must be a path that begins with ./",
    },
    {
      mcpPlugin: { ...MINIMAL, entry: "./lib/../../other.js" },
      names: "mcpPlugin/entry: must stay inside the plugin's folder",
    },
    { mcpPlugin: { ...MINIMAL, permission: {} }, names: '"permission"' },
    { mcpPlugin: { ...MINIMAL, config: "schema" }, names: "mcpPlugin/config: " },
  ])("refuses $mcpPlugin and names the place", ({ mcpPlugin, names }) => {
    const read = parseManifest({ mcpPlugin });
    expect(read).toEqual({
      ok: false,
      reason: expect.stringContaining("The manifest in its package.json is not valid: ") as string,
    });
    expect(read).toHaveProperty("reason", expect.stringContaining(names));
  });
});
